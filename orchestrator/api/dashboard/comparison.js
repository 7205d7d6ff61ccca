// With messages against without: the two groups and what is still needed; for analysts, every difference with its intervals.

import { Baseline } from "/dashboard/baseline.js";
import { element } from "/dashboard/element.js";
import { change, count, counted, dayRange, money, moneyChange, percent, points, pValue } from "/dashboard/format.js";
import { intervalBar, intervalOf, reachOf } from "/dashboard/interval.js";
import { figure, Table } from "/dashboard/table.js";

export class Comparison {
  #groups = new Table({
    caption: "Groups as drawn by lot at entry, whether a message reached them or not",
    columns: [
      { label: "Group" },
      { label: "Customers", numeric: true },
      { label: "Converted", numeric: true },
      { label: "Conversion rate", note: "of customers, and between what the true rate is", numeric: true },
      { label: "Revenue", numeric: true },
      { label: "Per customer", numeric: true },
    ],
    empty: "Nobody has entered yet.",
  });
  #differences = new Table({
    caption: "Difference, treatment (with messages) against holdout",
    columns: [
      { label: "Measure" },
      { label: "Uplift", numeric: true },
      { label: "Interval", numeric: true },
      { label: "Drawn", note: "left worse, right better" },
      { label: "p-value", numeric: true },
    ],
    empty: "Without a holdout there is nothing to compare with.",
  });
  #baseline = new Baseline();
  #span = element("p", { class: "footnote span" });
  #needed = element("ul", { class: "remarks" });
  #facts = element("ul", { class: "remarks" });
  node = element(
    "section",
    { class: "panel", "aria-labelledby": "comparison-title" },
    element("h2", { id: "comparison-title" }, "With messages against without"),
    this.#span,
    this.#groups.node,
    this.#baseline.node,
    this.#needed,
    element("details", { class: "twin" }, element("summary", {}, "Details for analysts"), this.#differences.node, this.#facts),
  );

  update({ comparison }) {
    this.#span.textContent = comparison
      ? `Over the journey's whole life so far, ${dayRange(comparison.first_day, comparison.last_day)}: a conversion belongs to its entry, whenever it came.`
      : "";
    this.#groups.setRows(comparison ? groupRows(comparison) : []);
    this.#differences.setRows(comparison ? differenceRows(comparison) : []);
    this.#baseline.update({ comparison });
    for (const [list, texts] of [[this.#needed, needs], [this.#facts, remarks]]) {
      list.replaceChildren(...(comparison ? texts(comparison) : []).map((text) => element("li", {}, text)));
    }
  }
}

function groupRows({ treatment, holdout }) {
  const row = (name, arm, group) => [
    element("span", { class: "arm", "data-arm": name }, group),
    count(arm.customers),
    count(arm.conversions),
    figure(percent(arm.conversion_rate), rateInterval(arm)),
    money(arm.revenue),
    money(arm.revenue_per_customer),
  ];
  const rows = [row("treatment", treatment, "With messages")];
  if (holdout) rows.push(row("holdout", holdout, "Without messages"));
  return rows;
}

function rateInterval({ conversion_rate_low: low, conversion_rate_high: high }) {
  return low === null || high === null ? "" : `${percent(low)} to ${percent(high)}`;
}

function differenceRows({ conversion, adjusted, revenue_per_customer, confidence }) {
  const level = `${Math.round(confidence * 100)}%`;
  const rows = conversion ? conversionRows(conversion, level) : [];
  if (adjusted) rows.push(adjustedRow(adjusted, conversion, level));
  const hasRevenue = revenue_per_customer && (revenue_per_customer.absolute !== 0 || revenue_per_customer.absolute_high !== 0);
  return hasRevenue ? [...rows, revenueRow(revenue_per_customer, level)] : rows;
}

const anytimeOf = (effect, kind) => ({ estimate: effect[kind], low: effect[`${kind}_anytime_low`], high: effect[`${kind}_anytime_high`] });
const isClosed = ({ low, high }) => low !== null && high !== null;

function conversionRows(effect, level) {
  const relative = effect.relative === null ? [] : pair("Conversion rate, relative", effect, "relative", change, level);
  return [...relative, ...pair("Conversion rate, in points", effect, "absolute", points, level)];
}

/** A measure twice, drawn on one scale: for one planned look, and for looking every day. */
function pair(name, effect, kind, write, level) {
  const once = intervalOf(effect, kind);
  const anytime = anytimeOf(effect, kind);
  const reach = reachOf([once, anytime].filter(isClosed));
  return [
    differenceRow(name, once, write, reach, `${level}, one planned look`, pValue(effect.p_value)),
    differenceRow("The same, looking every day", anytime, write, reach, `${level}, at any time`, ""),
  ];
}

/** The difference in points seen more clearly, drawn on the scale of the rows above it. */
function adjustedRow(adjusted, conversion, level) {
  const interval = intervalOf(adjusted, "absolute");
  const reach = reachOf([interval, intervalOf(conversion, "absolute"), anytimeOf(conversion, "absolute")].filter(isClosed));
  return differenceRow("The same, past taken out", interval, points, reach, `${level}, one planned look`, pValue(adjusted.p_value));
}

function revenueRow(effect, level) {
  const relative = intervalOf(effect, "relative");
  const isRelative = relative.estimate !== null && isClosed(relative);
  const interval = isRelative ? relative : intervalOf(effect, "absolute");
  const name = isRelative ? "Revenue per customer, relative" : "Revenue per customer";
  const reach = isClosed(interval) ? reachOf([interval]) : 0;
  return differenceRow(name, interval, isRelative ? change : moneyChange, reach, `${level}, one planned look`, pValue(effect.p_value));
}

function differenceRow(name, interval, write, reach, level, p) {
  if (!isClosed(interval)) return [name, write(interval.estimate), figure("–", level), "", p];
  const range = `${write(interval.low)} to ${write(interval.high)}`;
  const label = `${name}: ${write(interval.estimate)}, ${range} (${level})`;
  return [name, write(interval.estimate), figure(range, level), intervalBar(interval, reach, label), p];
}

function between({ conversions_low: low, conversions_high: high }) {
  return low === null || high === null ? "" : ` (95% interval ${count(low)} to ${count(high)})`;
}

const waiting = (days) => (days === null ? "" : `: ${counted(days, "day")} at the pace so far`);

/** What is wrong, or missing until more can be told. */
function needs({ sample_ratio, minimum_detectable_uplift, customers_still_needed, days_still_needed, settled_on }) {
  const texts = [];
  if (sample_ratio?.is_suspect) texts.push(`The groups are not as large as planned: ${percent(sample_ratio.actual_treatment_share)} get messages, ${percent(sample_ratio.expected_treatment_share)} should.`);
  if (customers_still_needed > 0) {
    const smallest = minimum_detectable_uplift === null ? "" : ` So many as now would show an uplift of ${change(minimum_detectable_uplift)} or more.`;
    const missing = counted(customers_still_needed, "more customer");
    if (settled_on) texts.push(`About ${missing} would have been needed to tell an uplift of the planned size from chance; nobody enters any more.${smallest}`);
    else texts.push(`About ${missing} are needed to tell an uplift of the planned size from chance${waiting(days_still_needed)}.${smallest}`);
  }
  return texts;
}

function remarks({ incremental, sample_ratio, notes }) {
  const texts = [];
  if (incremental) {
    const parts = [`Brought by the journey: ${counted(Math.round(incremental.conversions), "extra conversion")}${between(incremental)}`];
    if (incremental.revenue) parts.push(`${moneyChange(incremental.revenue)} revenue`);
    if (incremental.cost > 0) parts.push(`at a cost of ${money(incremental.cost)}`);
    if (incremental.roi !== null) parts.push(`ROI ${change(incremental.roi)}, which is (extra revenue − cost) / cost`);
    texts.push(`${parts.join(", ")} (estimates).`);
  }
  if (sample_ratio) {
    const sizes = `${percent(sample_ratio.actual_treatment_share)} treated, ${percent(sample_ratio.expected_treatment_share)} planned, p ${pValue(sample_ratio.p_value).replace(/^(?=\d)/, "= ")}`;
    texts.push(sample_ratio.is_suspect ? `Sample-ratio check failed: ${sizes}.` : `Sample-ratio check passed: ${sizes}.`);
  }
  return [...texts, ...notes];
}
