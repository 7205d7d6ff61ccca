// A journey's experiment steps: how customers are shared out now, on what evidence, and how each arm did.

import { element } from "/dashboard/element.js";
import { count, counted, moment, percent, share } from "/dashboard/format.js";
import { figure, Table } from "/dashboard/table.js";

const COLUMNS = [
  { label: "Variant" },
  { label: "Share now", note: "of those who arrive", numeric: true },
  { label: "Best", note: "probability", numeric: true },
  { label: "Evidence", note: "converted of those whose result is known", numeric: true },
  { label: "So far", note: "converted of all who took it", numeric: true },
];

export class Experiments {
  #body = element("div", { class: "side-by-side" });
  node = element("section", { class: "panel", "aria-labelledby": "experiments-title" }, element("h2", { id: "experiments-title" }, "Experiments"), this.#body);

  /** `items` are the experiment steps of the current version; `totals.variants` what every arm did. */
  update({ items }, { totals }) {
    const variants = totals.variants ?? {};
    const tables = items.map((experiment) => currentTable(experiment, variants[experiment.step] ?? {}));
    const former = Object.keys(variants).filter((step) => !items.some((experiment) => experiment.step === step));
    tables.push(...former.map((step) => formerTable(step, variants[step])));
    this.node.hidden = tables.length === 0;
    this.#body.replaceChildren(...tables.map((table) => table.node));
  }
}

/** How far an experiment is, in a sentence. */
export function stateOf({ epoch, is_final, decided_at }) {
  if (epoch === 0) return "nothing is decided yet, the variants share equally";
  const decided = `${counted(epoch, "decision")}, the last on ${moment(decided_at)}`;
  return is_final ? `decided for good: ${decided}` : decided;
}

function currentTable(experiment, variants) {
  const table = new Table({ caption: `${experiment.step}: ${stateOf(experiment)}`, columns: COLUMNS });
  table.setRows(
    experiment.arms.map((arm) => [
      arm.name,
      percent(arm.share / 100),
      percent(arm.best),
      figure(`${count(arm.converted)} of ${count(arm.customers)}`, percent(share(arm.converted, arm.customers))),
      soFar(variants[arm.name]),
    ]),
  );
  return table;
}

function formerTable(step, variants) {
  const table = new Table({ caption: `${step}: of an earlier version, or a split`, columns: [COLUMNS[0], COLUMNS[4]] });
  table.setRows(Object.entries(variants).map(([name, figures]) => [name, soFar(figures)]));
  return table;
}

function soFar({ customers = 0, customers_converted: converted = 0 } = {}) {
  return figure(`${count(converted)} of ${count(customers)}`, percent(share(converted, customers)));
}
