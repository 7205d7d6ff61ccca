// What a journey that nobody has entered waits for, and whether such an event comes in at all.

import { Arrivals, arrivalWords } from "/dashboard/arrivals.js";
import { element } from "/dashboard/element.js";

export class Waiting {
  #arrivals;
  #type = null;
  node = element("p", { class: "panel waiting", hidden: true });

  constructor(client) {
    this.#arrivals = new Arrivals(() => client.eventTypes(), () => this.#say());
  }

  /** Says it of a journey under way whose figures and positions tell of nobody; the page does not wait for the answer. */
  update(journey, { totals }, positions) {
    this.#type = awaited(journey, totals, positions);
    this.#say();
    if (this.#type !== null) this.#arrivals.look();
  }

  #say() {
    this.node.hidden = this.#type === null;
    if (this.#type === null) return;
    const { seen } = this.#arrivals;
    const text = [`Waiting for “${this.#type}”.`, seen === null ? "" : arrivalWords(this.#type, seen)].filter(Boolean).join(" ");
    if (this.node.textContent !== text) this.node.textContent = text;
  }
}

/** The type of the event that lets the first customer in; null: there is none to wait for. */
export function awaited({ status, config }, totals, { under_way: underWay, held_out: heldOut }) {
  const isEmpty = totals.entered === 0 && underWay === 0 && heldOut === 0;
  return status === "ACTIVE" && isEmpty && config.entry.kind === "event" ? config.entry.type : null;
}
