// The days a report covers. They follow the figures: a journey whose last events are of 1998 is shown in 1998.

import { element } from "/dashboard/element.js";
import { dayRange } from "/dashboard/format.js";

const DAY_MS = 86_400_000;
/** The most days the API reports at once. */
const MOST_DAYS = 400;

export const PERIODS = [
  { name: "7", label: "7 days", days: 7 },
  { name: "14", label: "14 days", days: 14 },
  { name: "30", label: "30 days", days: 30 },
  { name: "90", label: "90 days", days: 90 },
  { name: "all", label: "All", days: MOST_DAYS },
];
const DEFAULT = PERIODS[2];

export const periodNamed = (name) => PERIODS.find((period) => period.name === name) ?? DEFAULT;
export const isDefault = (period) => period === DEFAULT;

/** The `days` days up to and including `last` ("1998-06-30"). */
export function daysUpTo(last, days) {
  const from = new Date(Date.parse(`${last}T00:00:00Z`) - (days - 1) * DAY_MS);
  return { from: from.toISOString().slice(0, 10), to: last };
}

/** The figures of a journey over `period`, which ends on the last day that has any. */
export async function figuresOver(client, id, period) {
  const latest = await client.metrics(id);
  return isDefault(period) ? latest : client.metrics(id, daysUpTo(latest.to, period.days));
}

/** Leaves out the empty days before the first figure, which only "All" has. */
export function withoutEmptyStart(days) {
  const first = days.findIndex((figures) => figures.entered + figures.sends + figures.suppressed + figures.conversions > 0);
  return first > 0 ? days.slice(first) : days;
}

/** Buttons to choose the period with, and the dates it comes to. */
export class PeriodChoice {
  #dates = element("span", { class: "dates" });

  constructor(chosen, choose) {
    const buttons = PERIODS.map((period) =>
      element("button", { type: "button", class: "segment", "aria-pressed": String(period === chosen), click: () => pick(period) }, period.label),
    );
    const pick = (period) => {
      buttons.forEach((button, index) => button.setAttribute("aria-pressed", String(PERIODS[index] === period)));
      choose(period);
    };
    this.node = element(
      "div",
      { class: "period" },
      element("div", { class: "segments", role: "group", "aria-label": "Days shown" }, buttons),
      this.#dates,
    );
  }

  update({ days, from, to }) {
    const shown = withoutEmptyStart(days);
    const isCut = days.length === MOST_DAYS && shown.length === MOST_DAYS;
    const first = days.length === MOST_DAYS && shown.length > 0 ? shown[0].date : from;
    this.#dates.textContent = `${dayRange(first, to)} (UTC days${isCut ? `, the latest ${MOST_DAYS}` : ""})`;
  }
}
