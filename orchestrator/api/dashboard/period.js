// The days a report covers. They follow the figures: a journey whose last events are of 1998 is shown in 1998.

import { DayRange } from "/dashboard/day-range.js";
import { element } from "/dashboard/element.js";
import { dayRange } from "/dashboard/format.js";

const DAY_MS = 86_400_000;

const PERIODS = [
  { name: "7", label: "7 days", days: 7 },
  { name: "14", label: "14 days", days: 14 },
  { name: "30", label: "30 days", days: 30 },
  { name: "90", label: "90 days", days: 90 },
  { name: "all", label: "All", isWhole: true },
];
const DEFAULT = PERIODS[2];
const FREE = /^(\d{4}-\d\d-\d\d)\.\.(\d{4}-\d\d-\d\d)$/;

/** The period of this name: one of the usual ones, or "1998-06-01..1998-06-30". The usual one when there is none. */
export function periodNamed(name) {
  const dates = FREE.exec(name ?? "");
  if (dates && !rangeProblem(dates[1], dates[2])) return { name, from: dates[1], to: dates[2] };
  return PERIODS.find((period) => period.name === name) ?? DEFAULT;
}
const periodBetween = (from, to) => periodNamed(`${from}..${to}`);
export const isDefault = (period) => period.name === DEFAULT.name;

/** Whether it is a day of the calendar: a browser takes 31 February for 3 March. */
const isDay = (text) => Number.isFinite(Date.parse(text)) && new Date(text).toISOString().startsWith(text);

/** Why two days are no period; empty when they are one. */
function rangeProblem(from, to) {
  if (!isDay(from) || !isDay(to)) return "Give both days.";
  return from > to ? "The first day is after the last: swap them." : "";
}

/** The `days` days up to and including `last` ("1998-06-30"). */
export function daysUpTo(last, days) {
  const from = new Date(Date.parse(`${last}T00:00:00Z`) - (days - 1) * DAY_MS);
  return { from: from.toISOString().slice(0, 10), to: last };
}

/** The figures of a journey over `period`; unless it names its days, it ends on the last day that has any. */
export async function figuresOver(client, id, period) {
  const { from, to, zone, isWhole } = period;
  if (isWhole) return client.metrics(id, { zone, whole_life: true, by: "fitting" });
  if (from) return client.metrics(id, { from, to, zone, by: "fitting" });
  const latest = await client.metrics(id, { zone });
  return isDefault(period) ? latest : client.metrics(id, { ...daysUpTo(latest.to, period.days), zone });
}

/** The totals of a journey's whole life, and its comparison. */
export const wholeLife = (client, id, zone) => client.metrics(id, { zone, whole_life: true, by: "none" });

/** Buttons to choose the period with, two days for any other, and the dates it comes to. */
export class PeriodChoice {
  #dates = element("span", { class: "dates" });
  #buttons;
  #free;
  #range;

  /** `zone` tells whose days they are. */
  constructor(chosen, choose, { zone = "UTC", after = null } = {}) {
    this.zone = zone;
    this.#range = new DayRange({ id: "period", from: chosen.from ?? "", to: chosen.to ?? "", problem: rangeProblem });
    this.#buttons = PERIODS.map((period) => element("button", { type: "button", class: "segment", click: () => choose(period) }, period.label));
    this.#free = element("button", { type: "button", class: "segment", "aria-expanded": "false", click: () => this.#toggle() }, "Dates…");
    const form = element("form", { class: "range", novalidate: true, hidden: true, submit: (event) => this.#submit(event, choose) }, this.#range.node, element("button", { type: "submit", class: "button" }, "Show"));
    this.form = form;
    this.node = element(
      "div",
      { class: "period" },
      element("div", { class: "segments", role: "group", "aria-label": "Days shown" }, this.#buttons, this.#free),
      after,
      this.#dates,
      form,
    );
    this.mark(chosen);
  }

  /** Shows which period is chosen. */
  mark(chosen) {
    this.#buttons.forEach((button, index) => button.setAttribute("aria-pressed", String(PERIODS[index].name === chosen.name)));
    this.#free.setAttribute("aria-pressed", String(Boolean(chosen.from)));
  }

  update({ from, to }) {
    this.#range.suggest(from, to);
    this.#dates.textContent = `${dayRange(from, to)} (${this.zone} days)`;
  }

  #toggle() {
    this.form.hidden = !this.form.hidden;
    this.#free.setAttribute("aria-expanded", String(!this.form.hidden));
    if (!this.form.hidden) this.#range.focus();
  }

  #submit(event, choose) {
    event.preventDefault();
    if (!this.#range.check()) return;
    const { from, to } = this.#range;
    choose(periodBetween(from, to));
    this.#toggle();
  }
}
