// What lets a reader in: an API key, or the tokens of a provider, which run out and are renewed.

import { request } from "/dashboard/http.js";
import { Problem, SignInOver } from "/dashboard/problem.js";

const ROOT = "/api/v1/sign-in";
const TIMEOUT_MS = 15_000;
const REST_MS = 5_000;
const EARLY_MS = 30_000; // before a token runs out, but at most a third of the time it is in force

/** Where a provider sends its people back to; to be registered there. */
export const pageAddress = () => `${location.origin}/`;

/** {provider}: where one may sign in; null: by a key only. */
export const readOffer = async () => (await request(ROOT, { headers: { Accept: "application/json" } }, TIMEOUT_MS)).json();
export const exchangeCode = (code) => ask("/exchange", code);
const renewTokens = (renewal) => ask("/renew", renewal);

/** The tokens of an answer, with the time (ms) from which they are to be renewed; what it leaves out stays as it was. */
export function tokensOf(answer, before, nowMs) {
  const { access_token, refresh_token, id_token, expires_in_s } = answer;
  const lastsMs = (expires_in_s ?? Infinity) * 1_000;
  const renewAtMs = nowMs + lastsMs - Math.min(EARLY_MS, lastsMs / 3);
  return {
    ...before,
    access_token,
    refresh_token: refresh_token ?? before.refresh_token ?? null,
    id_token: id_token ?? before.id_token ?? null,
    renew_at_ms: Number.isFinite(renewAtMs) ? renewAtMs : null,
  };
}

/** Where one signs out of the provider too; null: it does not say. */
export function signOutAddress({ provider, id_token }, page) {
  if (!provider.end_session_endpoint) return null;
  const address = new URL(provider.end_session_endpoint);
  if (id_token) address.searchParams.set("id_token_hint", id_token);
  address.searchParams.set("client_id", provider.client_id);
  address.searchParams.set("post_logout_redirect_uri", page);
  return address.href;
}

export class KeyCredential {
  constructor(key) {
    this.key = key;
  }

  bearer = async () => this.key;
  /** The server does not take it, and there is no other. */
  refused = async (_, problem) => {
    throw problem;
  };
  wayOut = () => null;
}

export class TokenCredential {
  #tokens;
  #keep;
  #renewal = null;
  #restUntilMs = 0; // from a renewal that failed on the way to the next

  /** `keep(tokens)` is called with those that are given later. */
  constructor(tokens, keep) {
    this.#tokens = tokens;
    this.#keep = keep;
  }

  async bearer() {
    if (this.#isDue(Date.now())) {
      try {
        await this.#renew();
      } catch (error) {
        if (error instanceof SignInOver) throw error;
        this.#restUntilMs = Date.now() + REST_MS; // it still has some time to go: the server says when it is over
      }
    }
    return this.#tokens.access_token;
  }

  /** The server did not take `bearer`: returns when there is another to try; `SignInOver` when there is none. */
  async refused(bearer, problem, isFirst) {
    if (!isFirst) throw new SignInOver(problem.message, { cause: problem });
    if (bearer === this.#tokens.access_token) await this.#renew();
  }

  /** Without a refresh token the access token is used to its end. */
  #isDue(nowMs) {
    const { renew_at_ms, refresh_token } = this.#tokens;
    return refresh_token !== null && renew_at_ms !== null && nowMs >= Math.max(renew_at_ms, this.#restUntilMs);
  }

  wayOut = () => signOutAddress(this.#tokens, pageAddress());

  /** Once, however many ask: a refresh token may hold only once. */
  #renew() {
    this.#renewal ??= this.#renewed().finally(() => {
      this.#renewal = null;
    });
    return this.#renewal;
  }

  async #renewed() {
    const { refresh_token } = this.#tokens;
    if (!refresh_token) throw new SignInOver();
    try {
      const answer = await renewTokens({ refresh_token, redirect_uri: pageAddress() });
      this.#tokens = tokensOf(answer, this.#tokens, Date.now());
    } catch (cause) {
      if (cause instanceof Problem && !cause.passes) throw new SignInOver("", { cause });
      throw cause;
    }
    this.#keep(this.#tokens);
  }
}

async function ask(path, body) {
  const headers = { Accept: "application/json", "Content-Type": "application/json" };
  return (await request(ROOT + path, { method: "POST", headers, body: JSON.stringify(body) }, TIMEOUT_MS)).json();
}
