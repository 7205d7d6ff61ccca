// One request to the server that this page came from.

import { ConnectionLost, Problem } from "/dashboard/problem.js";

/** The answer, when it is a success or "unchanged"; `Problem` or `ConnectionLost` otherwise. */
export async function request(address, options, timeoutMs) {
  const signal = AbortSignal.timeout(timeoutMs);
  let response;
  try {
    response = await fetch(address, { ...options, signal, cache: "no-store", credentials: "omit" });
  } catch (cause) {
    throw new ConnectionLost("no answer", { cause });
  }
  if (response.ok || response.status === 304) return response;
  throw new Problem(response.status, await problemBody(response));
}

async function problemBody(response) {
  if (!(response.headers.get("Content-Type") ?? "").includes("json")) return {};
  try {
    return await response.json();
  } catch (cause) {
    if (cause instanceof SyntaxError) return {};
    throw new ConnectionLost("the answer broke off", { cause });
  }
}
