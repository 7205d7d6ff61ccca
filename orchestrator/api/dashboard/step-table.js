// Step by step: who passed, who stands there now, what was sent and what was held back.

import { element } from "/dashboard/element.js";
import { count, day, money, words } from "/dashboard/format.js";
import { figure, Table } from "/dashboard/table.js";

const NONE = { passed: 0, waits: 0, sends: 0, suppressed: 0, deferred: 0, cost: 0, exits: 0 };

/** The steps of a definition in the order in which customers come to them, and then those that nothing leads to. */
export function stepsInOrder({ start, steps = {} }) {
  const order = [];
  const left = [start];
  while (left.length > 0) {
    const name = left.shift();
    if (!(name in steps) || order.includes(name)) continue;
    order.push(name);
    left.push(...textsIn(steps[name]));
  }
  return [...order, ...Object.keys(steps).filter((name) => !order.includes(name))];
}

/** Every text in a step: some of them are the steps it leads to. */
function textsIn(value) {
  if (typeof value === "string") return [value];
  return value !== null && typeof value === "object" ? Object.values(value).flatMap(textsIn) : [];
}

export class StepTable {
  #table = new Table({
    caption: "Steps, in the order in which customers come to them",
    columns: [
      { label: "Step" },
      { label: "Passed", numeric: true },
      { label: "Sends", numeric: true },
      { label: "Suppressed", numeric: true },
      { label: "Put off", numeric: true },
      { label: "Left early", numeric: true },
      { label: "Cost", numeric: true },
      { label: "There now", note: "whatever days", numeric: true },
    ],
    empty: "The journey has no steps.",
    isCaptionHidden: true,
  });
  #now = element("p", { class: "footnote" });
  node = element("section", { class: "panel", "aria-labelledby": "steps-title" }, element("h2", { id: "steps-title" }, "Steps"), this.#table.node, this.#now);

  /** `config` is the definition, `totals.steps` what happened in the days shown, `positions` who stands where now. */
  update(config, { totals }, positions) {
    const happened = totals.steps ?? {};
    const standing = new Map(positions.steps.map((each) => [each.step, each]));
    const defined = stepsInOrder(config);
    const former = [...new Set([...Object.keys(happened), ...standing.keys()])].filter((step) => !defined.includes(step)).sort();
    const row = (step, kind) => stepRow(step, kind, Object.hasOwn(happened, step) ? happened[step] : NONE, standing.get(step));
    this.#table.setRows([...defined.map((step) => row(step, words(config.steps[step].kind))), ...former.map((step) => row(step, "of an earlier version"))]);
    const held = positions.held_out > 0 ? ` ${count(positions.held_out)} in the holdout stand nowhere.` : "";
    this.#now.textContent = `“There now” is of this moment, whatever days are shown: ${count(positions.under_way)} under way in all.${held}`;
  }
}

function stepRow(step, kind, { passed, sends, suppressed, deferred, exits, cost }, standing) {
  const since = standing?.since ? `the longest since ${day(standing.since)}` : "";
  return [
    element("span", { class: "figure" }, step, element("small", {}, kind)),
    count(passed),
    count(sends),
    count(suppressed),
    count(deferred),
    count(exits),
    cost > 0 ? money(cost) : "–",
    figure(count(standing?.customers ?? 0), since),
  ];
}
