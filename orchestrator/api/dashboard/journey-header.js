// The head of a journey: its name, its status, and the buttons that change it.

import { hrefTo } from "/dashboard/address.js";
import { confirmed } from "/dashboard/confirmation.js";
import { element } from "/dashboard/element.js";
import { count, counted, moment } from "/dashboard/format.js";
import { explain } from "/dashboard/problem.js";
import { changeTo, statusLine } from "/dashboard/status.js";

const ORDER = ["ACTIVE", "PAUSED", "STOPPED", "ARCHIVED"];
const DRAIN_OPTIONS = [
  { value: "discard", label: "Stop at once", note: "Customers under way get nothing more and leave now." },
  { value: "drain", label: "Let customers under way finish", note: "They go on to their end and still get their messages." },
];

export class JourneyHeader {
  #client;
  #shell;
  #journey = null;
  #workspace = null;
  #shown = "";
  #isWaiting = false;
  #toldOf = null; // the version and status that the last change led to
  #back = element("a", { class: "back", href: "#journeys" }, "← All journeys");
  #title = element("h1", {});
  #facts = element("p", { class: "facts" });
  #status = element("span", { class: "status" });
  #buttons = element("div", { class: "actions" });
  #effect = element("p", { class: "effect", role: "status", "aria-live": "polite" });

  /** `shell` offers refresh(), to read everything anew after a change, and recount(), when something waits. */
  constructor(client, shell) {
    this.#client = client;
    this.#shell = shell;
    this.node = element(
      "header",
      { class: "journey-header" },
      this.#back,
      element("div", { class: "title-row" }, element("div", {}, this.#title, this.#facts), this.#buttons),
      this.#status,
      this.#effect,
    );
  }

  /** The next time everything is written anew. */
  forget() {
    this.#shown = "";
  }

  /** The way back leads to the same days. */
  backTo(period) {
    this.#back.href = hrefTo({ period });
  }

  /** What was told of the last change goes when something else is done. */
  hush() {
    this.#isWaiting = false;
    this.#toldOf = null;
    this.#effect.className = "effect";
    this.#effect.replaceChildren();
  }

  update(journey, workspace) {
    if (this.#isWaiting && journey.published) {
      this.#isWaiting = false;
      this.#effect.textContent = "Passed on: it holds now.";
    }
    if (this.#toldOf !== null && this.#toldOf !== markOf(journey)) this.hush();
    const shown = JSON.stringify([journey, workspace.role, workspace.is_sending]);
    if (shown === this.#shown) return;
    this.#shown = shown;
    this.#journey = journey;
    this.#workspace = workspace;
    document.title = `${journey.name} · Journeys`;
    this.#title.textContent = journey.name;
    const campaign = journey.campaign_id ? `Campaign ${journey.campaign_id}` : "No campaign";
    this.#facts.textContent = `${campaign} · version ${count(journey.version)} · changed ${moment(journey.updated_at)}`;
    this.#status.replaceChildren(...statusLine(journey, workspace.is_sending), pauseReason(journey));
    this.#buttons.replaceChildren(...this.#offered());
  }

  #offered() {
    if (this.#workspace.role === "viewer") return [];
    const allowed = ORDER.filter((status) => this.#journey.allowed_statuses.includes(status));
    const changes = allowed.map((target) => {
      const { verb } = changeTo(target, this.#journey);
      const look = target === "PAUSED" || target === "ACTIVE" ? "button primary" : "button";
      return element("button", { type: "button", class: look, "data-target": target, click: () => this.#ask(target) }, verb);
    });
    return [...changes, element("button", { type: "button", class: "button", click: () => this.#copy() }, "Copy into a new journey")];
  }

  async #ask(target) {
    this.hush();
    if (this.#journey.status === "DRAFT" && target === "ACTIVE") return this.#askToPublish(target);
    const { verb, done, means, points } = changeTo(target, this.#journey);
    const isStop = target === "STOPPED";
    const isRunning = this.#journey.status !== "DRAFT";
    const choice = await confirmed({
      title: `${verb} “${this.#journey.name}”?`,
      text: means,
      points,
      soon: isRunning && (isStop || target === "PAUSED") ? this.#underWay() : null,
      verb,
      isGrave: isStop,
      options: isStop && isRunning ? DRAIN_OPTIONS : [],
    });
    if (choice === null) return;
    await this.#apply(choice === "drain" ? { status: target, drain: true } : { status: target }, done);
  }

  /** The question of the editor: a draft is published in one way wherever the button stands. */
  async #askToPublish(status) {
    const { askAboutStart } = await import("/dashboard/editor-publish.js");
    const { config, name } = this.#journey;
    let warnings;
    try {
      ({ warnings } = await this.#client.checkDefinition(config));
    } catch (error) {
      this.#fail(error);
      return;
    }
    if ((await askAboutStart({ ...config, name }, this.#workspace, warnings)) !== null) await this.#apply({ status }, changeTo(status, this.#journey).done);
  }

  /** How many it concerns, in a sentence; empty where that cannot be said: a stop must not wait for it. */
  async #underWay() {
    try {
      const { under_way } = await this.#client.positions(this.#journey.id);
      return `${counted(under_way, "customer is", "customers are")} under way now.`;
    } catch {
      return "";
    }
  }

  /** Opens the editor for a new journey that begins as this one is now. */
  async #copy() {
    this.hush();
    const { keepCopy } = await import("/dashboard/editor-copy.js");
    if (!(await keepCopy(this.#journey, this.#workspace))) return;
    this.#shell.show({ page: "new", journey: null, tab: null, customer: null, period: null });
  }

  /** Nothing has changed: the workspace asks for a second person. */
  #tellItWaits(target) {
    const { verb } = changeTo(target, this.#journey);
    const link = element("a", { href: hrefTo({ page: "proposals" }) }, "See what waits");
    this.#effect.replaceChildren(`${verb} waits for a second person: it happens as soon as an approver agrees. `, link);
    for (const button of this.#buttons.children) button.disabled = false;
    this.#shell.recount();
    this.#shell.refresh();
  }

  async #apply(change, done) {
    for (const button of this.#buttons.children) button.disabled = true;
    this.#effect.className = "effect";
    this.#effect.textContent = "Working…";
    try {
      const { journey, took_ms } = await this.#client.setStatus(this.#journey.id, change);
      if (journey.proposal_id) {
        this.#tellItWaits(change.status);
        return;
      }
      this.#isWaiting = !journey.published;
      this.#effect.textContent = journey.published
        ? `${done}. Passed on in ${count(Math.max(1, Math.round(took_ms)))} ms.`
        : `${done} and saved, but not passed on yet, since Kafka does not answer. It holds as soon as it does.`;
      this.#toldOf = markOf(journey);
      this.#shown = "";
      this.update({ ...this.#journey, ...journey }, this.#workspace);
      this.#buttons.querySelector("button")?.focus(); // the one that was pressed is gone
    } catch (error) {
      this.#fail(error);
    }
    this.#shell.refresh();
  }

  #fail(error) {
    this.#effect.className = "effect failed";
    this.#effect.textContent = explain(error);
    for (const button of this.#buttons.children) button.disabled = false;
  }
}

const markOf = ({ version, status }) => `${version} ${status}`;

/** Why a journey paused by itself. */
function pauseReason({ paused_reason }) {
  return paused_reason ? element("span", { class: "failed" }, `It paused by itself: ${paused_reason}`) : "";
}
