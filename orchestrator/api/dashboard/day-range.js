// Two days, the first and the last.

import { element } from "/dashboard/element.js";
import { FIRST_DAY, LAST_DAY } from "/dashboard/zone.js";

export class DayRange {
  #from;
  #to;
  #failed;
  #problem;

  /** `problem(from, to)` says why the two are no range, or nothing. */
  constructor({ id, from = "", to = "", problem }) {
    this.#problem = problem;
    const described = `${id}-range-problem`;
    const input = (name, value) => element("input", { type: "date", id: `${id}-${name}`, value, min: FIRST_DAY, max: LAST_DAY, "aria-describedby": described, input: () => this.#say("") });
    this.#from = input("from", from);
    this.#to = input("to", to);
    this.#failed = element("span", { id: described, class: "failed problem", role: "alert" });
    this.node = element(
      "span",
      { class: "day-range" },
      element("label", { for: `${id}-from` }, "From"),
      this.#from,
      element("label", { for: `${id}-to` }, "To"),
      this.#to,
      this.#failed,
    );
  }

  get from() {
    return this.#from.value;
  }

  get to() {
    return this.#to.value;
  }

  /** Fills in what is empty. */
  suggest(from, to) {
    if (this.node.contains(document.activeElement)) return;
    if (!this.from) this.#from.value = from;
    if (!this.to) this.#to.value = to;
  }

  focus() {
    this.#from.focus();
  }

  /** Whether the two are a range; tells why not. */
  check() {
    const text = this.#unusable() || this.#problem(this.from, this.to);
    this.#say(text);
    if (text) this.#from.focus();
    return text === "";
  }

  /** Why one of the two cannot be taken for a day; empty: both can, or are left out. */
  #unusable() {
    const states = [this.#from.validity, this.#to.validity];
    if (states.some(({ badInput }) => badInput)) return "This is no day of the calendar.";
    return states.every(({ valid }) => valid) ? "" : `Choose days from ${FIRST_DAY.slice(0, 4)} to ${LAST_DAY.slice(0, 4)}.`;
  }

  #say(text) {
    this.#failed.textContent = text;
    for (const input of [this.#from, this.#to]) {
      if (text) input.setAttribute("aria-invalid", "true");
      else input.removeAttribute("aria-invalid");
    }
  }
}
