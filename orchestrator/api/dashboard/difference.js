// What differs between two definitions: in words, and line by line.

import { changesInWords, detailsInWords } from "/dashboard/difference-words.js";
import { element } from "/dashboard/element.js";
import { stepsInOrder } from "/dashboard/step-table.js";

const CONTEXT = 3; // lines shown around a difference
const MOST_CELLS = 4_000_000; // of the table of the longest common sequence; beyond it, all of the middle differs

/** [{kind: "same"|"removed"|"added", text}] from one list of lines to another. */
export function differenceOf(before, after) {
  let head = 0;
  while (head < before.length && head < after.length && before[head] === after[head]) head += 1;
  let tail = 0;
  while (tail < before.length - head && tail < after.length - head && before.at(-1 - tail) === after.at(-1 - tail)) tail += 1;
  const same = (text) => ({ kind: "same", text });
  return [
    ...before.slice(0, head).map(same),
    ...middle(before.slice(head, before.length - tail), after.slice(head, after.length - tail)),
    ...before.slice(before.length - tail).map(same),
  ];
}

/** By the longest common subsequence. */
function middle(before, after) {
  const width = after.length + 1;
  const removed = (text) => ({ kind: "removed", text });
  const added = (text) => ({ kind: "added", text });
  if (before.length * after.length > MOST_CELLS) return [...before.map(removed), ...after.map(added)];
  const longest = new Uint32Array((before.length + 1) * width);
  for (let at = before.length - 1; at >= 0; at -= 1) {
    for (let to = after.length - 1; to >= 0; to -= 1) {
      const cell = at * width + to;
      longest[cell] = before[at] === after[to] ? longest[cell + width + 1] + 1 : Math.max(longest[cell + width], longest[cell + 1]);
    }
  }
  const lines = [];
  let at = 0;
  let to = 0;
  while (at < before.length && to < after.length) {
    if (before[at] === after[to]) {
      lines.push({ kind: "same", text: before[at] });
      at += 1;
      to += 1;
    } else if (longest[(at + 1) * width + to] >= longest[at * width + to + 1]) lines.push(removed(before[at++]));
    else lines.push(added(after[to++]));
  }
  return [...lines, ...before.slice(at).map(removed), ...after.slice(to).map(added)];
}

/** The lines of a definition: its steps in the order in which customers come to them, the rest as it is kept. */
export function linesOf(definition) {
  const steps = Object.fromEntries(stepsInOrder(definition).map((name) => [name, definition.steps[name]]));
  return JSON.stringify({ ...definition, steps }, null, 2).split("\n");
}

/** The difference in words, and as a list of lines, what is the same cut down to what stands around it. */
export function differenceView(before, after) {
  const lines = differenceOf(linesOf(before), linesOf(after));
  const near = lines.map((_, at) => lines.slice(Math.max(0, at - CONTEXT), at + CONTEXT + 1).some(({ kind }) => kind !== "same"));
  const shown = [];
  lines.forEach((line, at) => {
    if (near[at]) shown.push(lineOf(line));
    else if (at === 0 || near[at - 1]) shown.push(element("div", { class: "line skipped" }, "⋯"));
  });
  return element(
    "div",
    { class: "difference" },
    element("p", {}, changesInWords(before, after)),
    element("ul", { class: "difference-words" }, detailsInWords(before, after).map((words) => element("li", {}, words))),
    element("details", {}, element("summary", {}, "Line by line, as it is kept"), element("div", { class: "lines", tabindex: "0", role: "region", "aria-label": "Difference line by line" }, shown)),
  );
}

const MARKS = { same: " ", removed: "−", added: "+" };
const NAMES = { removed: "removed: ", added: "added: " };

function lineOf({ kind, text }) {
  const name = NAMES[kind] ? element("span", { class: "unseen" }, NAMES[kind]) : null;
  return element("div", { class: "line", "data-kind": kind }, element("span", { class: "mark", "aria-hidden": "true" }, MARKS[kind]), name, text);
}
