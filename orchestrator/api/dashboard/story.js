// One customer's way through a journey: what was decided, when, by which rule, on what grounds.

import { technical } from "/dashboard/activity.js";
import { element } from "/dashboard/element.js";
import { counted, moment, onOurClock, span, words } from "/dashboard/format.js";
import { Problem } from "/dashboard/problem.js";
import { reasonName } from "/dashboard/reasons.js";

const STATUS = { under_way: "Under way", ended: "Ended", held_out: "In the holdout" };

export class Story {
  #client;
  #journeyId;
  #customer;
  #shown = "";
  #title;
  #body = element("div", { class: "story", "aria-busy": "true" });

  /** `leave()` goes back to all activities. */
  constructor(client, journeyId, customer, leave) {
    this.#client = client;
    this.#journeyId = journeyId;
    this.#customer = customer;
    this.#title = element("h2", { id: "story-title", tabindex: "-1" }, `Why ${customer} got what they got`);
    this.node = element(
      "section",
      { class: "panel", "aria-labelledby": "story-title" },
      element("button", { type: "button", class: "link", click: leave }, "← All activities"),
      this.#title,
      this.#body,
    );
  }

  focus() {
    this.#title.focus();
  }

  async refresh() {
    const story = await this.#read();
    const shown = JSON.stringify(story);
    if (shown === this.#shown || this.#isBeingRead()) return;
    this.#shown = shown;
    this.#body.replaceChildren(...(story ? told(story) : [element("p", { class: "empty" }, "Nothing was decided for this customer in this journey: they have never come to it, or the id is mistyped.")]));
    this.#body.setAttribute("aria-busy", "false");
  }

  async #read() {
    try {
      return await this.#client.explain(this.#journeyId, this.#customer);
    } catch (error) {
      if (error instanceof Problem && error.status === 404) return null;
      throw error;
    }
  }

  #isBeingRead() {
    return this.#body.querySelector("details[open]") !== null || this.#body.contains(document.activeElement);
  }
}

function told({ summary, next_eligible_at, runs, refused_entries, is_cut }) {
  const refused = refused_entries.length === 0 ? null : element("section", { "aria-label": "Refused entries" }, element("h3", {}, counted(refused_entries.length, "refused entry", "refused entries")), timeline(refused_entries));
  return [
    element("p", { class: "story-summary" }, onOurClock(summary)),
    next_eligible_at ? element("p", { class: "footnote" }, `What was refused last may be tried again from ${moment(next_eligible_at)}.`) : null,
    is_cut ? element("p", { class: "footnote" }, "Only the newest 1,000 decisions are told.") : null,
    ...runs.map(runOf).reverse(),
    refused,
  ].filter((node) => node !== null);
}

function runOf({ arm, version, status, summary, path, decisions }, index) {
  const title = `Run ${index + 1}: ${words(arm)}, version ${version}, ${(STATUS[status] ?? words(status)).toLowerCase()}`;
  const way = path.length === 0 ? null : element("ol", { class: "way", "aria-label": "Way through the steps" }, path.map(stay));
  return element("section", { class: "run", "aria-label": title }, element("h3", {}, title), element("p", {}, onOurClock(summary)), way, timeline(decisions));
}

function stay({ step, kind, arrived_at, left_at }) {
  const time = left_at === null ? `here since ${moment(arrived_at)}` : span(Date.parse(left_at) - Date.parse(arrived_at));
  return element("li", { class: left_at === null ? "here" : null }, element("span", {}, step), element("small", {}, [kind ? words(kind) : "", time].filter(Boolean).join(" · ")));
}

function timeline(decisions) {
  return element("ol", { class: "timeline" }, decisions.map(decision));
}

function decision({ at, type, step, sentence, rule, next_eligible_at, details, version, cause }) {
  return element(
    "li",
    { "data-type": type },
    element("time", { datetime: at }, moment(at)),
    element(
      "div",
      {},
      element("p", { class: "what" }, onOurClock(sentence)),
      element("p", { class: "footnote" }, [step ? `at ${step}` : "", rule ? `rule: ${reasonName(rule)}` : "", next_eligible_at ? `next allowed ${moment(next_eligible_at)}` : ""].filter(Boolean).join(" · ")),
      technical({ ...details, version, "caused by": cause || "–" }),
    ),
  );
}
