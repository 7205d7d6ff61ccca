// The HTTP API, as this page uses it.

import { request } from "/dashboard/http.js";
import { ConnectionLost, Problem } from "/dashboard/problem.js";

const ROOT = "/api/v1";
const BASE = `${ROOT}/033-omnichannel-journey-orchestrator`;
const TIMEOUT_MS = 15_000;
const DOWNLOAD_TIMEOUT_MS = 600_000;
const KEPT_ANSWERS = 300;
const ACTIVITIES = 20; // a page of them
const TRIES = 3; // of a change whose answer is lost, under one Idempotency-Key
const BETWEEN_TRIES_MS = 1_000;

const journeyPath = (id, rest = "") => `${BASE}/${encodeURIComponent(id)}${rest}`;

export class Client {
  #credential;
  #kept = new Map(); // address → {etag, body}: an unchanged answer costs the server and the line nothing
  #under = new Map(); // a change that is under way → what it will come to, so that a second click is the same one
  #unanswered = new Map(); // a POST whose answer was lost → its Idempotency-Key, for when somebody asks again

  constructor(credential) {
    this.#credential = credential;
  }

  workspace = () => this.get(`${ROOT}/workspace`);
  /** The mark of the settings as last read: a change may ask that they are still those. */
  get workspaceMark() {
    return this.#kept.get(`${ROOT}/workspace`)?.etag ?? null;
  }
  changeWorkspace = (change, ifMatch) => this.send("PATCH", `${ROOT}/workspace`, change, { ifMatch });

  /** A page of journeys with their figures from `from` to `to`, days of `zone`; without them the server's usual days. */
  overview = ({ from, to, zone, whole_life, status, name, campaign_id, sort, cursor, limit } = {}) =>
    this.get(`${ROOT}/overview`, { from, to, zone: zone === "UTC" ? null : zone, whole_life, status, name, campaign_id, sort, cursor, limit });
  journey = (id) => this.get(journeyPath(id));
  /**
   * Figures from `from` to `to` (both included, days of `zone`); without them the last 30 days that have any, or with
   * `whole_life` all. `by`: how long each of `days` is; else a day.
   */
  metrics = (id, { from, to, zone, whole_life, by } = {}) => this.get(journeyPath(id, "/metrics"), { from, to, zone: zone === "UTC" ? null : zone, whole_life, by });
  positions = (id) => this.get(journeyPath(id, "/positions"));
  guardrails = (id) => this.get(journeyPath(id, "/guardrails"));
  eventTypes = () => this.get(`${ROOT}/event-types`);
  experiments = (id) => this.get(journeyPath(id, "/experiments"));
  activities = (id, { type, customer_id, from, to, cursor } = {}) =>
    this.get(journeyPath(id, "/activities"), { type, customer_id, from, to, cursor, limit: ACTIVITIES });
  explain = (id, customer) => this.get(journeyPath(id, `/customers/${encodeURIComponent(customer)}/explain`));
  /** The journey with the mark that a change of it must name: {journey, etag}. */
  async journeyNow(id) {
    const response = await this.#request(journeyPath(id), {});
    return { journey: await response.json(), etag: response.headers.get("ETag") };
  }
  versions = (id) => this.get(journeyPath(id, "/versions"));
  version = (id, version) => this.get(journeyPath(id, `/versions/${version}`));

  /** What is wrong with a definition, and what is odd: {isSound, problems, warnings}. Keeps nothing. */
  async checkDefinition(config) {
    const { is_publishable: isSound, problems, warnings } = await this.#ask(`${ROOT}/definitions/check`, { config });
    return { isSound, problems, warnings };
  }
  /** The same of the workspace's settings, with what would hold in words, and whether it waits for a second person: {…, inWords, waits}. */
  async checkWorkspace(settings) {
    const { is_acceptable: isSound, problems, in_words: inWords, waits } = await this.#ask(`${ROOT}/workspace/check`, { settings });
    return { isSound, problems, warnings: [], inWords, waits };
  }
  /** What each of a definition's own tests comes to: {tests}. Sends nothing. */
  rehearseDefinition = (config) => this.#ask(`${ROOT}/definitions/rehearse`, { config });
  /** What a new version would do to customers under way. Keeps nothing. */
  previewVersion = (id, version) => this.#ask(journeyPath(id, "/versions/preview"), version);

  createJourney = (journey) => this.#changeJourney("POST", BASE, journey);
  /** Changes only what still has the mark `etag`: 412 otherwise. */
  changeJourney = (id, patch, etag) => this.#changeJourney("PATCH", journeyPath(id), patch, etag);

  audit = ({ subject_id, author_id, from, to, cursor } = {}) =>
    this.get(`${ROOT}/audit`, { subject_id, author_id, from, to, cursor, limit: ACTIVITIES });
  proposals = ({ status, journey_id, cursor, limit = ACTIVITIES } = {}) => this.get(`${ROOT}/proposals`, { status, journey_id, cursor, limit });
  approve = (id, reason) => this.send("POST", `${ROOT}/proposals/${id}/approve`, { reason });
  reject = (id, reason) => this.send("POST", `${ROOT}/proposals/${id}/reject`, { reason });

  /** A page of backtests, newest first. */
  backtests = ({ journey_id, cursor, limit } = {}) => this.get(`${ROOT}/backtests`, { journey_id, cursor, limit });
  backtest = (id) => this.get(`${ROOT}/backtests/${id}`);
  /** Begins one; refused with every problem where the definition has any. */
  startBacktest = (asked) => this.send("POST", `${ROOT}/backtests`, asked);
  cancelBacktest = (id) => this.send("DELETE", `${ROOT}/backtests/${id}`);

  keys = () => this.get(`${ROOT}/keys`);
  createKey = (key) => this.send("POST", `${ROOT}/keys`, key);
  revokeKey = (id) => this.send("DELETE", `${ROOT}/keys/${id}`);

  /** Changes the status: the journey as it is now, and how long the change took to be with the workers. */
  async setStatus(id, change) {
    const began = performance.now();
    const journey = await this.send("PATCH", journeyPath(id), change);
    return { journey, took_ms: performance.now() - began };
  }

  /** What stands at `path`; `query` without what is empty. */
  async get(path, query = {}) {
    const address = addressOf(path, query);
    const kept = this.#kept.get(address);
    const response = await this.#request(address, { headers: kept ? { "If-None-Match": kept.etag } : {} });
    if (response.status === 304) return kept.body;
    const body = await response.json();
    this.#keep(address, response.headers.get("ETag"), body);
    return body;
  }

  /**
   * Makes a change, once: under one Idempotency-Key it is asked for again while the answer is lost, and a second call
   * while the first is under way is the same change. Gives the body of the answer; null where it has none.
   */
  send = async (method, path, body, options) => (await this.#change(method, path, body, options)).body;

  #change(method, path, body, { ifMatch = null } = {}) {
    const text = body === undefined ? undefined : JSON.stringify(body);
    const change = `${method} ${path} ${ifMatch ?? ""} ${text ?? ""}`;
    if (!this.#under.has(change)) {
      const made = this.#make(change, method, path, text, ifMatch).finally(() => this.#under.delete(change));
      this.#under.set(change, made);
    }
    return this.#under.get(change);
  }

  /** {journey, etag, isWaiting}: `isWaiting` says that a second person must agree first. */
  async #changeJourney(method, path, body, etag = null) {
    const answer = await this.#change(method, path, body, { ifMatch: etag });
    return { journey: answer.body, etag: answer.etag, isWaiting: answer.status === 202 };
  }

  async #ask(path, body) {
    const options = { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) };
    return (await this.#request(path, options)).json();
  }

  /** A file: {blob, name}. */
  async download(path, query = {}) {
    const response = await this.#request(addressOf(path, query), { headers: { Accept: "*/*" } }, DOWNLOAD_TIMEOUT_MS);
    const name = /filename="?([^";]+)"?/.exec(response.headers.get("Content-Disposition") ?? "")?.[1] ?? "export";
    try {
      return { blob: await response.blob(), name };
    } catch (cause) {
      throw new ConnectionLost("the file broke off", { cause });
    }
  }
  journeyExport = (id) => journeyPath(id, "/export");
  activitiesExport = (id) => journeyPath(id, "/activities/export");
  overviewExport = `${ROOT}/overview/export`;

  async #make(change, method, path, text, ifMatch) {
    const key = this.#unanswered.get(change) ?? unique();
    const headers = { "Idempotency-Key": key, ...(text === undefined ? {} : { "Content-Type": "application/json" }), ...(ifMatch ? { "If-Match": ifMatch } : {}) };
    for (let left = TRIES; ; left -= 1) {
      try {
        const response = await this.#request(path, { method, headers, body: text });
        this.#unanswered.delete(change);
        const made = response.status === 204 ? null : await response.json();
        return { status: response.status, etag: response.headers.get("ETag"), body: made };
      } catch (error) {
        // A status that is set again later must be set anew, so only what creates something keeps its key.
        if (method === "POST" && isOpen(error)) this.#unanswered.set(change, key);
        else this.#unanswered.delete(change);
        if (left === 1 || !isOpen(error)) throw error;
      }
      await new Promise((resolve) => setTimeout(resolve, BETWEEN_TRIES_MS));
    }
  }

  #keep(address, etag, body) {
    this.#kept.delete(address);
    if (!etag) return;
    this.#kept.set(address, { etag, body });
    if (this.#kept.size > KEPT_ANSWERS) this.#kept.delete(this.#kept.keys().next().value);
  }

  async #request(address, options, timeoutMs = TIMEOUT_MS) {
    for (let isFirst = true; ; isFirst = false) {
      const bearer = await this.#credential.bearer();
      const headers = { Accept: "application/json", ...options.headers, Authorization: `Bearer ${bearer}` };
      try {
        return await request(address, { ...options, headers }, timeoutMs);
      } catch (error) {
        if (!(error instanceof Problem && error.status === 401)) throw error;
        await this.#credential.refused(bearer, error, isFirst);
      }
    }
  }
}

/** Whether a change may or may not have been made: no answer came, or the first request is still being answered. */
function isOpen(error) {
  if (error instanceof ConnectionLost) return true;
  return error instanceof Problem && (error.status === 503 || (error.status === 409 && error.message.includes("Idempotency-Key")));
}

/** A name that nothing else has; `randomUUID` is missing where the page came over plain HTTP. */
function unique() {
  if (crypto.randomUUID) return crypto.randomUUID();
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function addressOf(path, query) {
  const fields = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value) fields.set(name, value);
  return path + (fields.size ? `?${fields}` : "");
}
