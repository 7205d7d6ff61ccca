// One step of the canvas, in words and numbers.

import { doneAt } from "/dashboard/canvas-figures.js";
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
      ...figuresUnder("In these days", content.figures),
      ...figuresUnder("Now", content.now),
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

/** Figures of one kind under their heading; none: no heading. */
function figuresUnder(heading, figures) {
  if (figures.length === 0) return [];
  const row = ([name, value, note]) => element("div", {}, element("dt", {}, name), element("dd", {}, value, note ? element("small", {}, ` ${note}`) : null));
  return [element("h4", { class: "canvas-details-when" }, heading), element("dl", { class: "canvas-details-figures" }, figures.map(row))];
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
      ["Entered", count(totals.entered), "runs, both groups"],
      ["Refused", count(totals.entry_refused), "entries that a rule forbade"],
      ],
    now: [
      ["Under way", count(positions.under_way), "all versions"],
      ["Held out", count(positions.held_out), "whose time in the journey is not over"],
    ],
  };
}

function stepContent(step, definition, figures, version) {
  if (!definition) return { words: "This version does not have the step.", sentences: [], figures: [], now: [] };
  const ways = waysOf(definition).map(({ to, label, isBack }) => begun(`${label ? `${label}: ` : ""}${isBack ? "back to" : "on to"} ${to}.`));
  const { isEnd, passed, waiting, since } = figures;
  return {
    words: `${stepWords(definition)}.`,
    sentences: [...stepDetails(definition), ...ways],
    figures: isEnd ? [["Completed", count(passed), "runs"]] : stepFigures(figures),
    now: isEnd ? [] : [["Waiting", count(waiting), since ? `on version ${version}; the longest since ${moment(since)}` : `on version ${version}`]],
  };
}

const begun = (sentence) => sentence.charAt(0).toUpperCase() + sentence.slice(1);

function stepFigures(figures) {
  const { passed, sends, suppressed, deferred, cost, exits, waits } = figures;
  const done = doneAt(figures);
  const due = sends + suppressed;
  const rows = [
    ["Passed", count(passed), `${percent(share(passed, done))} of the ${count(done)} who were done with it`],
    ["Left early", count(exits), `${percent(share(exits, done))} of the same; who reached the goal is among them`],
  ];
  if (waits > 0) rows.push(["Waits begun", count(waits)]);
  if (due + deferred > 0) {
    rows.push(["Sends", count(sends), cost > 0 ? `at a cost of ${money(cost)}` : ""]);
    rows.push(["Suppressed", count(suppressed), `${percent(share(suppressed, due))} of ${counted(due, "due send")}`]);
    rows.push(["Put off", count(deferred), "times, until a guardrail allowed it"]);
  }
  return rows;
}
