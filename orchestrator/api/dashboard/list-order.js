// In which order the journeys are listed: as the server sorts them, because a page is only a part of the list.

import { element } from "/dashboard/element.js";

/** `direction` as a heading says it (aria-sort); newest first is no column's. */
const ORDERS = [
  { name: "newest", label: "Newest first" },
  { name: "name", label: "Name", direction: "ascending" },
  { name: "entered", label: "Most entered", direction: "descending" },
  { name: "under_way", label: "Most under way" },
  { name: "sends", label: "Most sends", direction: "descending" },
  { name: "customers_converted", label: "Most converted", direction: "descending" },
  { name: "revenue", label: "Highest revenue", direction: "descending" },
  { name: "cost", label: "Highest cost", direction: "descending" },
];
const USUAL = ORDERS[0];

/** The order of this name; the usual one when there is none. */
export const orderNamed = (name) => ORDERS.find((order) => order.name === name) ?? USUAL;

/** A choice of the order, and headings of columns that are one each: pressed again, the newest come first again. */
export class ListOrder {
  #choose;
  #heads = new Map(); // name of the order → the heading's cell
  #select;

  /** `choose(name)`: null is the usual order. */
  constructor(choose) {
    this.#choose = (name) => choose(name === USUAL.name ? null : name);
    this.#select = element("select", { id: "list-order", change: () => this.#choose(this.#select.value) }, ORDERS.map(({ name, label }) => element("option", { value: name }, label)));
    this.nodes = [element("label", { for: "list-order" }, "Sorted by"), this.#select];
  }

  /** What stands in the heading of a column that one may sort by. */
  heading(name, label) {
    return (cell) => {
      this.#heads.set(name, cell);
      return element("button", { type: "button", class: "sorting", click: () => this.#choose(cell.hasAttribute("aria-sort") ? USUAL.name : name) }, label);
    };
  }

  /** Shows which order is chosen. */
  mark(name) {
    const chosen = orderNamed(name);
    this.#select.value = chosen.name;
    for (const [each, cell] of this.#heads) {
      if (each === chosen.name) cell.setAttribute("aria-sort", chosen.direction);
      else cell.removeAttribute("aria-sort");
    }
  }
}
