// One step of the canvas, in words and numbers.

import { arrivedAt } from "/dashboard/canvas-figures.js";
import { element } from "/dashboard/element.js";
import { count, counted, money, moment, percent, share } from "/dashboard/format.js";
import { conditionWords } from "/dashboard/picture-conditions.js";
import { entryWords, reEntryWords, stepDetails, stepWords, waysOf } from "/dashboard/picture-words.js";

export class CanvasDetails {
  #shown = "";
  #title = element("h3", { tabindex: "-1", id: "canvas-details-title" });
  #body = element("div", { class: "canvas-details-body" });

  constructor(closed) {
    const close = () => {
      this.hide();
      closed();
    };
    this.node = element(
      "aside",
      { class: "canvas-details", "aria-labelledby": "canvas-details-title", hidden: true, keydown: (event) => event.key === "Escape" && close() },
      element("div", { class: "canvas-details-head" }, this.#title, element("button", { type: "button", class: "button small", click: close }, "Close")),
      this.#body,
    );
  }

  /** Shows a step ("" is the entry) of what the canvas has read; the version may not have it. */
  show(step, { definition, metrics, positions, version, figures }) {
    this.node.hidden = false;
    const content = step === "" ? entryContent(definition, metrics, positions) : stepContent(step, definition.steps[step], figures.get(step), version);
    const shown = JSON.stringify([step, content]);
    if (shown === this.#shown) return;
    this.#shown = shown;
    this.#title.textContent = step === "" ? "Entry" : step;
    this.#body.replaceChildren(
      element("p", { class: "canvas-details-words" }, content.words),
      ...content.sentences.map((sentence) => element("p", {}, sentence)),
      element("dl", { class: "canvas-details-figures" }, content.figures.map(([name, value, note]) => element("div", {}, element("dt", {}, name), element("dd", {}, value, note ? element("small", {}, ` ${note}`) : null)))),
    );
  }

  focus() {
    this.#title.focus();
  }

  hide() {
    this.node.hidden = true;
    this.#shown = "";
  }
}

function entryContent(definition, { totals }, positions) {
  const { entry, holdout, goal } = definition;
  const sentences = [`A customer may come ${reEntryWords(entry.re_entry)}.`];
  if (entry.audience && entry.kind !== "segment") sentences.push(`Only if ${conditionWords(entry.audience)}.`);
  if (entry.exclude) sentences.push(`Not if ${conditionWords(entry.exclude)}.`);
  if (goal) sentences.push(`The goal is ${goal.event}${goal.where ? ` with ${conditionWords(goal.where)}` : ""}.`);
  if (holdout) sentences.push(`${holdout.percent}% of those who enter are held out: they get nothing, so that the others can be compared with them.`);
  return {
    words: entryWords(entry),
    sentences,
    figures: [
      ["Entered", count(totals.entered), "runs in these days, both arms"],
      ["Refused", count(totals.entry_refused), "entries that a rule forbade"],
      ["Under way", count(positions.under_way), "now, all versions"],
      ["Held out", count(positions.held_out), "of all so far"],
    ],
  };
}

function stepContent(step, definition, figures, version) {
  if (!definition) return { words: "This version does not have the step.", sentences: [], figures: [] };
  const ways = waysOf(definition).map(({ to, label, isBack }) => begun(`${label ? `${label}: ` : ""}${isBack ? "back to" : "on to"} ${to}.`));
  return { words: `${stepWords(definition)}.`, sentences: [...stepDetails(definition), ...ways], figures: figures.isEnd ? [["Completed", count(figures.passed), "runs in these days"]] : stepFigures(figures, version) };
}

const begun = (sentence) => sentence.charAt(0).toUpperCase() + sentence.slice(1);

function stepFigures(figures, version) {
  const { passed, waiting, since, sends, suppressed, deferred, cost, exits, waits } = figures;
  const arrived = arrivedAt(figures);
  const due = sends + suppressed;
  const rows = [
    ["Arrived", count(arrived), "passed, left or waiting now"],
    ["Passed", count(passed), `${percent(share(passed, arrived))} of arrived`],
    ["Waiting now", count(waiting), since ? `on version ${version}; the longest since ${moment(since)}` : `on version ${version}`],
    ["Left early", count(exits), `${percent(share(exits, arrived))} of arrived; the goal reached is among them`],
  ];
  if (waits > 0) rows.push(["Waits begun", count(waits), "in these days"]);
  if (due + deferred > 0) {
    rows.push(["Sends", count(sends), cost > 0 ? `at a cost of ${money(cost)}` : "in these days"]);
    rows.push(["Suppressed", count(suppressed), `${percent(share(suppressed, due))} of ${counted(due, "due send")}`]);
    rows.push(["Put off", count(deferred), "times, until a guardrail allowed it"]);
  }
  return rows;
}
