// The way to a provider's sign-in and back: authorisation code with PKCE, and `state` and `nonce` that only this tab knows.

import { exchangeCode, pageAddress, tokensOf } from "/dashboard/credential.js";
import { ConnectionLost, Problem, sentence } from "/dashboard/problem.js";
import { currentCredential, rememberTokens } from "/dashboard/session.js";

const BEGUN = "orchestrator.signing-in";
const WORDS = 300;

/** Leaves for the provider; `place` is the fragment of this page to come back to. Gives a sentence where that cannot be. */
export async function leaveFor(provider, place) {
  if (!crypto.subtle) return `To sign in with ${provider.name}, open this page by HTTPS: over plain HTTP the browser cannot keep the sign-in safe.`;
  const begun = { state: secret(), nonce: secret(), verifier: secret(), place, provider };
  const address = authorisationAddress(provider, begun, await challengeOf(begun.verifier), pageAddress());
  sessionStorage.setItem(BEGUN, JSON.stringify(begun));
  location.assign(address);
  return "";
}

/** Whether the provider has sent somebody back here. */
export function isReturn(search) {
  const said = new URLSearchParams(search);
  return said.has("state") && (said.has("code") || said.has("error"));
}

/**
 * Ends the sign-in with what the provider sent back, and clears that from the address at once. Gives a sentence where
 * nobody is signed in by it.
 */
export async function comeBack() {
  const begun = JSON.parse(sessionStorage.getItem(BEGUN));
  sessionStorage.removeItem(BEGUN); // a code is for once
  const said = new URLSearchParams(location.search);
  history.replaceState(null, "", location.pathname + (begun?.place ?? location.hash));
  // Who is in already, and did not ask for it, is not thrown out by a link that somebody sent.
  if (begun === null && currentCredential() !== null) return "";
  const { code, failure } = readReturn(said, begun);
  if (failure) return failure;
  const { provider, nonce, verifier } = begun;
  try {
    const answer = await exchangeCode({ code, code_verifier: verifier, nonce, redirect_uri: pageAddress() });
    rememberTokens({ session: secret(), provider, ...tokensOf(answer, {}, Date.now()) });
    return "";
  } catch (error) {
    return explainFailure(error, provider);
  }
}

/** {code}, or {failure}: the sentence that says why there is none. `said`: the fields of the address one came back to. */
function readReturn(said, begun) {
  const fields = new URLSearchParams(said);
  if (begun === null || fields.get("state") !== begun.state) {
    return { failure: "This sign-in was not begun in this tab, or another was begun after it. Nobody was signed in: begin again here." };
  }
  const { name, issuer } = begun.provider;
  if ((fields.get("iss") ?? issuer) !== issuer) {
    return { failure: `This answer is not from ${name}. Nobody was signed in: begin again here.` };
  }
  if (fields.has("error")) {
    const [error, why] = ["error", "error_description"].map((field) => (fields.get(field) ?? "").trim().slice(0, WORDS));
    return { failure: `${name} did not let you sign in: ${sentence(why ? `${why.replace(/\.$/, "")} (${error})` : error)}` };
  }
  return { code: fields.get("code") };
}

function authorisationAddress(provider, { state, nonce }, challenge, page) {
  const address = new URL(provider.authorization_endpoint);
  const fields = {
    response_type: "code",
    client_id: provider.client_id,
    redirect_uri: page,
    scope: provider.scope,
    audience: provider.audience,
    state,
    nonce,
    code_challenge: challenge,
    code_challenge_method: "S256",
  };
  for (const [name, value] of Object.entries(fields)) address.searchParams.set(name, value);
  return address.href;
}

/** What goes to the provider for a verifier (RFC 7636, S256). */
export async function challengeOf(verifier) {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(verifier));
  return inBase64Url(new Uint8Array(digest));
}

/** Why there is no sign-in, as a sentence that says what to do. */
function explainFailure(error, { name }) {
  if (error instanceof ConnectionLost) return "The server did not answer. Try again.";
  if (!(error instanceof Problem)) throw error;
  if (error.status === 503) return `${name} cannot be reached from the server now. Try again in a moment.`;
  if (error.status === 429) return "Too many people sign in from here at the moment. Try again in a minute.";
  if (error.passes) return "The server has failed. Try again in a moment.";
  return `${sentence(error.message)} Try again, or ask whoever looks after your sign-in.`;
}

const secret = () => inBase64Url(crypto.getRandomValues(new Uint8Array(32)));
const inBase64Url = (bytes) => btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
