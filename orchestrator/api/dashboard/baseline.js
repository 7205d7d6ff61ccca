// After against before, of the same customers: weaker than a holdout, and said to be.

import { count, percent, points } from "/dashboard/format.js";
import { intervalBar, intervalOf, reachOf } from "/dashboard/interval.js";
import { figure, Table } from "/dashboard/table.js";

export class Baseline {
  #table = new Table({
    caption: "After against before entering, of customers whose goal window is over",
    columns: [
      { label: "Group" },
      { label: "Customers", numeric: true },
      { label: "Rate before", note: "as long before as the window", numeric: true },
      { label: "Rate after", numeric: true },
      { label: "Change", numeric: true },
      { label: "Interval", numeric: true },
      { label: "Drawn", note: "left worse, right better" },
    ],
  });
  node = this.#table.node;

  constructor() {
    this.node.hidden = true;
  }

  update({ comparison }) {
    const arms = [
      ["With messages, after against before", comparison?.treatment.baseline],
      ["Without messages, after against before", comparison?.holdout?.baseline],
    ].filter(([, baseline]) => baseline);
    this.node.hidden = arms.length === 0;
    const reach = reachOf(arms.map(([, baseline]) => intervalOf(baseline, "absolute")));
    this.#table.setRows(arms.map(([name, baseline]) => row(name, baseline, reach)));
  }
}

function row(name, baseline, reach) {
  const interval = intervalOf(baseline, "absolute");
  const range = `${points(interval.low)} to ${points(interval.high)}`;
  return [
    name,
    count(baseline.customers),
    percent(baseline.rate_before),
    percent(baseline.rate_after),
    points(interval.estimate),
    figure(range, "95%, weaker than a holdout"),
    intervalBar(interval, reach, `${name}: ${points(interval.estimate)}, ${range}`),
  ];
}
