// The HTTP API, as this page uses it.

import { ConnectionLost, Problem } from "/dashboard/problem.js";

const BASE = "/api/v1/033-omnichannel-journey-orchestrator";
const TIMEOUT_MS = 15_000;
const KEPT_ANSWERS = 300;
const ACTIVITIES = 20; // a page of them

export class Client {
  #key;
  #kept = new Map(); // address → {etag, body}: an unchanged answer costs the server and the line nothing

  constructor(key) {
    this.#key = key;
  }

  workspace = () => this.#get("/workspace");
  journeys = (cursor) => this.#get("", { cursor, limit: 100 });
  journey = (id) => this.#get(`/${encodeURIComponent(id)}`);
  /** Figures by day from `from` to `to` (both included); without them the last 30 days that have any. */
  metrics = (id, { from, to } = {}) => this.#get(`/${encodeURIComponent(id)}/metrics`, { from, to });
  activities = (id, { type, customer_id, cursor } = {}) =>
    this.#get(`/${encodeURIComponent(id)}/activities`, { type, customer_id, cursor, limit: ACTIVITIES });

  /** Changes the status: the journey as it is now, and how long the change took to be with the workers. */
  async setStatus(id, change) {
    const began = performance.now();
    const response = await this.#request(`${BASE}/${encodeURIComponent(id)}`, {
      method: "PATCH",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(change),
    });
    const journey = await response.json();
    return { journey, took_ms: performance.now() - began };
  }

  async #get(path, query = {}) {
    const fields = new URLSearchParams();
    for (const [name, value] of Object.entries(query)) if (value) fields.set(name, value);
    const address = BASE + path + (fields.size ? `?${fields}` : "");
    const kept = this.#kept.get(address);
    const response = await this.#request(address, { headers: kept ? { "If-None-Match": kept.etag } : {} });
    if (response.status === 304) return kept.body;
    const body = await response.json();
    this.#keep(address, response.headers.get("ETag"), body);
    return body;
  }

  #keep(address, etag, body) {
    this.#kept.delete(address);
    if (!etag) return;
    this.#kept.set(address, { etag, body });
    if (this.#kept.size > KEPT_ANSWERS) this.#kept.delete(this.#kept.keys().next().value);
  }

  async #request(address, options) {
    const headers = { ...options.headers, Authorization: `Bearer ${this.#key}`, Accept: "application/json" };
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    let response;
    try {
      response = await fetch(address, { ...options, headers, signal, cache: "no-store", credentials: "omit" });
    } catch (cause) {
      throw new ConnectionLost("no answer", { cause });
    }
    if (response.ok || response.status === 304) return response;
    throw new Problem(response.status, await problemBody(response));
  }
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
