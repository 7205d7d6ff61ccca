// What a backtest is asked: over which days, and whether beside what is published.

import { DayRange } from "/dashboard/day-range.js";
import { element } from "/dashboard/element.js";

const DAY_MS = 86_400_000;
const USUAL_DAYS = 30;

const dayOf = (ms) => new Date(ms).toISOString().slice(0, 10);

/** Why two days are no period; empty when they are one. */
function periodProblem(from, to, today = dayOf(Date.now())) {
  if (!from || !to) return "Give both days.";
  if (from > to) return "The first day is after the last: swap them.";
  return from > today ? "History ends today: choose an earlier first day." : "";
}

export class BacktestQuestion {
  #days;
  #isCompared = element("input", { type: "checkbox" });
  #compared = element("label", { class: "choice", hidden: true }, this.#isCompared, element("span", {}, "Compare with what is published"));
  #button = element("button", { type: "submit", class: "button primary" }, "Run the backtest");
  #why = element("p", { class: "footnote" });
  #isBusy = false;
  #isViewer = true;

  /** `name` begins the ids of what is made here; `ask({from, to, isCompared})` is called with two UTC days. */
  constructor(name, ask) {
    const now = Date.now();
    this.#days = new DayRange({ id: name, from: dayOf(now - (USUAL_DAYS - 1) * DAY_MS), to: dayOf(now), problem: (from, to) => periodProblem(from, to) });
    const submit = (event) => {
      event.preventDefault();
      if (this.#days.check()) ask({ from: this.#days.from, to: this.#days.to, isCompared: !this.#compared.hidden && this.#isCompared.checked });
    };
    this.node = element(
      "form",
      { class: "backtest-question", "aria-label": "Run a backtest", novalidate: true, submit },
      this.#days.node,
      element("small", {}, "UTC days, as if the journey had begun on the first of them. What came before is read too, for what customers had agreed to and done by then."),
      this.#compared,
      this.#button,
      this.#why,
    );
  }

  set isBusy(isBusy) {
    this.#isBusy = isBusy;
    this.#showState();
  }

  /** Who asks, and about which journey (null: a new one). */
  offer({ isViewer, journey }) {
    this.#isViewer = isViewer;
    this.#compared.hidden = journey === null || journey.status === "DRAFT";
    this.#showState();
  }

  focus() {
    this.#days.focus();
  }

  #showState() {
    this.#button.disabled = this.#isBusy || this.#isViewer;
    const why = this.#isViewer ? "Your key is a viewer's: you can read backtests, and not run any." : "";
    if (this.#why.textContent !== why) this.#why.textContent = why;
  }
}
