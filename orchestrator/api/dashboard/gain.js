// What the journey brought beyond what the holdout suggests, what it cost, and the return.

import { element } from "/dashboard/element.js";
import { change, count, money, moneyChange } from "/dashboard/format.js";
import { tile } from "/dashboard/tiles.js";

const within = (low, high, write) => (low === null || high === null ? "no interval yet" : `95% interval ${write(low)} to ${write(high)}`);

/** [{name, value, note}] of `comparison.incremental`; empty where nothing can be told. */
export function gainTiles(comparison) {
  const gain = comparison?.incremental;
  if (!gain) return [];
  const tiles = [
    { name: "Extra conversions", value: count(Math.round(gain.conversions)), note: within(gain.conversions_low, gain.conversions_high, (value) => count(Math.round(value))) },
  ];
  if (gain.revenue !== null) tiles.push({ name: "Incremental revenue", value: moneyChange(gain.revenue), note: within(gain.revenue_low, gain.revenue_high, moneyChange) });
  tiles.push({ name: "Cost", value: money(gain.cost), note: "of all sends" });
  tiles.push({ name: "Return on cost", value: change(gain.roi), note: gain.roi === null ? "needs a cost and a revenue" : "(incremental revenue − cost) / cost" });
  return tiles;
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
