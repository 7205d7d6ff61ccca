// What the journey brought beyond what the holdout suggests, what it cost, and the return: each with how sure it is.

import { element } from "/dashboard/element.js";
import { count, money, moneyChange, withPlus } from "/dashboard/format.js";
import { tile } from "/dashboard/tiles.js";

const SHOWN = ["better", "worse"];
const whole = (value) => withPlus(value, count(Math.round(value)));
const NO_RANGE = "too little is known for a range";

/** An estimate with its range: the estimate first where the comparison shows anything, else the range. */
function estimated(name, isSure, [estimate, low, high], write, about) {
  const isClosed = low !== null && high !== null;
  const range = isClosed ? `between ${write(low)} and ${write(high)}` : NO_RANGE;
  if (isSure) return { name, value: write(estimate), note: `${about}${range}`, isSure };
  return { name, value: isClosed ? `${write(low)} to ${write(high)}` : "–", note: `${about}nothing is shown yet${isClosed ? "" : `: ${NO_RANGE}`}`, isSure };
}

/** [{name, value, note, isSure}] of `comparison.incremental`; empty where nothing can be told. */
export function gainTiles(comparison) {
  const gain = comparison?.incremental;
  if (!gain) return [];
  const isSure = SHOWN.includes(comparison.finding);
  const tiles = [estimated("Extra conversions", isSure, [gain.conversions, gain.conversions_low, gain.conversions_high], whole, "")];
  const revenue = [gain.revenue, gain.revenue_low, gain.revenue_high];
  if (gain.revenue !== null) tiles.push(estimated("Extra revenue", isSure, revenue, moneyChange, ""));
  tiles.push({ name: "Cost", value: money(gain.cost), note: "of all sends" });
  if (gain.revenue === null || gain.cost === 0) return [...tiles, { name: "Return", value: "–", note: "needs a cost and a revenue" }];
  const perOne = revenue.map((amount) => (amount === null ? null : amount / gain.cost));
  return [...tiles, estimated("Return", isSure, perOne, money, "for each 1 spent: ")];
}

export class Gain {
  #list = element("dl", { class: "tiles" });
  node = element("section", { "aria-label": "What the journey brought" }, this.#list);

  update({ comparison }) {
    const tiles = gainTiles(comparison);
    this.node.hidden = tiles.length === 0;
    this.#list.dataset.count = String(tiles.length);
    this.#list.replaceChildren(...tiles.map(tile));
  }
}
