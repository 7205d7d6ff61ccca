// How a journey went over time, by day, week or month: four charts and, for whoever cannot use them, the same figures as a table.

import { Chart } from "/dashboard/chart.js";
import { element } from "/dashboard/element.js";
import { count, day, percent, share, zoneInUse } from "/dashboard/format.js";
import { Table } from "/dashboard/table.js";

const TREATMENT = { label: "Treatment", arm: "treatment", isFilled: true };
const HOLDOUT = { label: "Holdout", arm: "holdout", isDashed: true };

const TITLES = { day: "Trend by day", week: "Trend by week (from Monday)", month: "Trend by month", none: "Trend" };

const armOf = (figures, name) => figures.arms[name] ?? { entered: 0, conversions: 0, customers: 0, customers_converted: 0 };

/** The values of each chart, one list per line. */
export function linesOf(days) {
  const by = (name, field) => days.map((figures) => armOf(figures, name)[field]);
  return {
    entries: [by("treatment", "entered"), by("holdout", "entered")],
    sends: [days.map((figures) => figures.sends)],
    conversions: [by("treatment", "conversions"), by("holdout", "conversions")],
    rates: [rateSoFar(days, "treatment"), rateSoFar(days, "holdout")],
  };
}

/** Customers converted of customers entered, both since the first of `days`; null before anybody has entered. */
function rateSoFar(days, name) {
  let customers = 0;
  let converted = 0;
  return days.map((figures) => {
    const arm = armOf(figures, name);
    customers += arm.customers;
    converted += arm.customers_converted;
    return share(converted, customers);
  });
}

export class Trend {
  #charts = {
    entries: new Chart({ title: "Entries", series: [TREATMENT, HOLDOUT], write: count, isCount: true }),
    sends: new Chart({ title: "Sends", series: [{ ...TREATMENT, label: "Sends" }], write: count, isCount: true }),
    conversions: new Chart({ title: "Conversions", series: [TREATMENT, HOLDOUT], write: count, isCount: true }),
    rates: new Chart({ title: "Conversion rate so far (of customers entered)", series: [{ ...TREATMENT, isFilled: false }, HOLDOUT], write: percent }),
  };
  #table = new Table({
    caption: "The trend as a table, newest first",
    columns: [
      { label: "From", note: zoneInUse() },
      { label: "Entries, treatment", numeric: true },
      { label: "Entries, holdout", numeric: true },
      { label: "Sends", numeric: true },
      { label: "Conversions, treatment", numeric: true },
      { label: "Conversions, holdout", numeric: true },
      { label: "Rate so far, treatment", numeric: true },
      { label: "Rate so far, holdout", numeric: true },
    ],
    empty: "These are too many months to show.",
  });
  #title = element("h2", { id: "trend-title" });
  #notes = element("p", { class: "footnote" });
  node = element(
    "section",
    { class: "panel", "aria-labelledby": "trend-title" },
    this.#title,
    element("div", { class: "charts" }, Object.values(this.#charts).map((chart) => chart.node)),
    element(
      "details",
      { class: "twin" },
      element("summary", {}, "Show as table"),
      element("div", { class: "scrolling", tabindex: "0", role: "region", "aria-label": "Trend as a table" }, this.#table.node),
    ),
    this.#notes,
  );

  update(metrics) {
    const { days, by } = metrics;
    this.#title.textContent = TITLES[by];
    const dates = days.map((figures) => figures.date);
    const lines = linesOf(days);
    for (const [name, chart] of Object.entries(this.#charts)) chart.update(dates, lines[name]);
    const { entries, sends, conversions, rates } = lines;
    const rows = dates.map((date, at) => [
      day(date),
      ...[entries[0], entries[1], sends[0], conversions[0], conversions[1]].map((values) => count(values[at])),
      percent(rates[0][at]),
      percent(rates[1][at]),
    ]);
    this.#table.setRows(rows.reverse());
    this.#notes.textContent = (metrics.notes ?? []).join(" ");
  }

  destroy() {
    for (const chart of Object.values(this.#charts)) chart.destroy();
  }
}
