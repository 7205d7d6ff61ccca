// The head of a journey: its name, its status, and the buttons that change it.

import { hrefTo } from "/dashboard/address.js";
import { confirmed } from "/dashboard/confirmation.js";
import { element } from "/dashboard/element.js";
import { count, moment } from "/dashboard/format.js";
import { explain } from "/dashboard/problem.js";
import { changeTo, statusAbout, statusChip } from "/dashboard/status.js";

const ORDER = ["ACTIVE", "PAUSED", "STOPPED", "ARCHIVED"];
const DRAIN_OPTIONS = [
  { value: "discard", label: "Stop at once", note: "Customers under way get nothing more and leave at their next signal." },
  { value: "drain", label: "Let customers under way finish", note: "Nobody new enters." },
];

export class JourneyHeader {
  #client;
  #shell;
  #journey = null;
  #mayEdit = false;
  #shown = "";
  #isWaiting = false;
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
    this.#back.href = hrefTo({});
  }

  update(journey, mayEdit) {
    if (this.#isWaiting && journey.published) {
      this.#isWaiting = false;
      this.#effect.textContent = "Handed to the workers.";
    }
    const shown = JSON.stringify([journey, mayEdit]);
    if (shown === this.#shown) return;
    this.#shown = shown;
    this.#journey = journey;
    this.#mayEdit = mayEdit;
    document.title = `${journey.name} · Journeys`;
    this.#title.textContent = journey.name;
    const campaign = journey.campaign_id ? `Campaign ${journey.campaign_id}` : "No campaign";
    this.#facts.textContent = `${campaign} · version ${count(journey.version)} · changed ${moment(journey.updated_at)}`;
    this.#status.replaceChildren(statusChip(journey), element("span", {}, statusAbout(journey)), pauseReason(journey));
    this.#buttons.replaceChildren(...this.#offered());
  }

  #offered() {
    if (!this.#mayEdit) return [];
    const allowed = ORDER.filter((status) => this.#journey.allowed_statuses.includes(status));
    return allowed.map((target) => {
      const { verb } = changeTo(target, this.#journey.status);
      const look = target === "PAUSED" || target === "ACTIVE" ? "button primary" : "button";
      return element("button", { type: "button", class: look, "data-target": target, click: () => this.#ask(target) }, verb);
    });
  }

  async #ask(target) {
    const { verb, done, means } = changeTo(target, this.#journey.status);
    const isStop = target === "STOPPED";
    const choice = await confirmed({
      title: `${verb} “${this.#journey.name}”?`,
      text: means,
      verb,
      isGrave: isStop,
      options: isStop ? DRAIN_OPTIONS : [],
    });
    if (choice === null) return;
    await this.#apply(choice === "drain" ? { status: target, drain: true } : { status: target }, done);
  }

  /** Nothing has changed: the workspace asks for a second person. */
  #tellItWaits(target) {
    const { verb } = changeTo(target, this.#journey.status);
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
        ? `${done}; handed to the workers in ${count(Math.max(1, Math.round(took_ms)))} ms.`
        : `${done} and saved, but Kafka does not answer: the workers hear of it as soon as it does.`;
      this.#shown = "";
      this.update({ ...this.#journey, ...journey }, this.#mayEdit);
      this.#buttons.querySelector("button")?.focus(); // the one that was pressed is gone
    } catch (error) {
      this.#effect.className = "effect failed";
      this.#effect.textContent = explain(error);
      for (const button of this.#buttons.children) button.disabled = false;
    }
    this.#shell.refresh();
  }
}

/** Why a journey paused by itself. */
function pauseReason({ paused_reason }) {
  return paused_reason ? element("span", { class: "failed" }, `It paused by itself: ${paused_reason}`) : "";
}
