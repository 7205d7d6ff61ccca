// Who is signed in: an API key or a provider's tokens, kept for this tab only.

import { readAddress, showAddress } from "/dashboard/address.js";
import { KeyCredential, TokenCredential } from "/dashboard/credential.js";

const KEY = "orchestrator.key";
const TOKENS = "orchestrator.tokens";

let current = null; // the same object for as long as the same reader is signed in

/** Takes a key out of a sign-in link and clears it from the address at once, so it is neither kept nor passed on. */
export function acceptLink() {
  const { key, ...rest } = readAddress();
  if (key === null) return;
  showAddress(rest, { replace: true });
  rememberKey(key);
}

/** Null: nobody is signed in. */
export function currentCredential() {
  current ??= stored();
  return current;
}

export function rememberKey(key) {
  const given = key.trim();
  if (currentCredential()?.key === given) return;
  forgetCredential();
  sessionStorage.setItem(KEY, given);
}

export function rememberTokens(tokens) {
  forgetCredential();
  keep(tokens);
}

export function forgetCredential() {
  current = null;
  sessionStorage.removeItem(KEY);
  sessionStorage.removeItem(TOKENS);
}

function stored() {
  const key = sessionStorage.getItem(KEY);
  if (key !== null) return new KeyCredential(key);
  const tokens = sessionStorage.getItem(TOKENS);
  return tokens === null ? null : new TokenCredential(JSON.parse(tokens), (renewed) => isSame(renewed) && keep(renewed));
}

/** A renewal that comes after the reader has left brings nobody back. */
const isSame = ({ session }) => JSON.parse(sessionStorage.getItem(TOKENS))?.session === session;
const keep = (tokens) => sessionStorage.setItem(TOKENS, JSON.stringify(tokens));
