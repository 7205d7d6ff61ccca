// The key figures of a journey, each with what it is measured against.

import { element } from "/dashboard/element.js";
import { count, counted, decimal, money, percent, share } from "/dashboard/format.js";

/** [{name, value, note}] of a period's totals, and of how many are `under_way` now. */
export function tilesOf(totals, under_way) {
  const treated = totals.arms.treatment?.customers ?? totals.customers;
  const attempts = totals.sends + totals.suppressed;
  const tiles = [
    { name: "Entered", value: count(totals.entered), note: newcomers(totals) },
    { name: "Under way", value: count(under_way), note: "now, whatever days are shown" },
    { name: "Sends", value: count(totals.sends), note: treated > 0 ? `${decimal(share(totals.sends, treated))} per new treated customer` : "no treated customer is new" },
    { name: "Suppressed", value: count(totals.suppressed), note: attempts > 0 ? `${percent(share(totals.suppressed, attempts))} of ${counted(attempts, "due send")}` : "no send was due" },
    { name: "Conversions", value: count(totals.conversions), note: `by ${counted(totals.customers_converted, "customer")}` },
    {
      name: "Conversion rate",
      value: percent(share(totals.customers_converted, totals.customers)),
      note: totals.customers > 0 ? `${count(totals.customers_converted)} of ${counted(totals.customers, "new customer")}` : "nobody was new in these days",
    },
  ];
  if (totals.revenue > 0) {
    tiles.push({ name: "Revenue", value: money(totals.revenue), note: totals.customers > 0 ? `${money(share(totals.revenue, totals.customers))} per new customer` : "of all conversions" });
  }
  if (totals.cost > 0) tiles.push({ name: "Cost", value: money(totals.cost), note: `of ${counted(totals.sends, "send")}` });
  return tiles;
}

/** By whom the entries were; nothing where it would be a zero beside them. */
export const newcomers = ({ entered, customers }) => (customers > 0 || entered === 0 ? `by ${counted(customers, "new customer")}` : "by customers who had entered before");

/** One tile of a `dl`; what is not sure yet is said quietly. */
export function tile({ name, value, note, isSure = true }) {
  return element(
    "div",
    { class: isSure ? "tile" : "tile unsure" },
    element("dt", {}, name),
    element("dd", { class: "value", "data-figure": name }, value),
    element("dd", { class: "note" }, note),
  );
}

export class Tiles {
  #list = element("dl", { class: "tiles" });
  node = element("section", { "aria-label": "Key figures" }, this.#list);

  update({ totals }, { under_way }) {
    const tiles = tilesOf(totals, under_way);
    this.#list.dataset.count = String(tiles.length);
    this.#list.replaceChildren(...tiles.map(tile));
  }
}
