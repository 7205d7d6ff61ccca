// Conditions and lengths of time in plain English. They may be half written: what is missing is told as "…".

const DOTS = "…";
const DEEPEST = 12; // a condition may nest 8 deep; a half-written one that goes on for ever is cut here
const COMPARED = { __proto__: null, eq: "is", ne: "is not", gt: "is above", ge: "is at least", lt: "is below", le: "is at most", contains: "contains" };
const UNITS = [["week", "W"], ["day", "D"], ["hour", "H"], ["minute", "M"], ["second", "S"]];
const DURATION = /^P(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?$/;
const ALL_WEEK = 7;

export const quoted = (text) => `‘${text}’`;
const shown = (value) => (value === undefined || value === null || value === "" ? DOTS : String(value));
const value = (one) => (typeof one === "string" && one !== "" ? quoted(one) : shown(one));

/** "a, b and c". */
export function listWords(parts, last) {
  if (parts.length === 0) return DOTS;
  if (parts.length === 1) return parts[0];
  return `${parts.slice(0, -1).join(", ")} ${last} ${parts.at(-1)}`;
}

/** "P1DT12H" as "1 day 12 hours"; what is no length of time is still to be written. */
export function durationWords(text) {
  const match = DURATION.exec(typeof text === "string" ? text : "");
  const parts = UNITS.flatMap(([name], at) => {
    const number = Number(match?.[at + 1] ?? 0);
    return number > 0 ? [`${number} ${name}${number === 1 ? "" : "s"}`] : [];
  });
  return parts.length > 0 ? parts.join(" ") : DOTS;
}

/** ", on Tuesday and Friday"; nothing for all seven days. */
export function weekdayWords(weekdays) {
  if (!Array.isArray(weekdays) || weekdays.length === 0 || weekdays.length === ALL_WEEK) return "";
  return ` on ${listWords(weekdays.map((day) => shown(day).charAt(0).toUpperCase() + shown(day).slice(1)), "or")}`;
}

/** "order.total is at least 80 and not: coupon.used happened within 90 days". */
export function conditionWords(condition, depth = 0) {
  if (typeof condition !== "object" || condition === null || depth > DEEPEST) return DOTS;
  const within = (part) => conditionWords(part, depth + 1);
  switch (condition.kind) {
    case "attribute":
    case "field":
      return comparisonWords(condition);
    case "happened":
      return happenedWords(condition, within);
    case "delivery":
      return `${shown(condition.step)} was ${listWords((condition.outcomes ?? []).map?.(shown) ?? [], "or")}`;
    case "time_of_day":
      return `it is ${shown(condition.from)} to ${shown(condition.to)}${weekdayWords(condition.weekdays)}, the customer's time`;
    case "segment":
      return `in the segment ${shown(condition.name)}`;
    case "customer":
      return customerWords(condition.ids);
    case "all":
    case "any":
      return groupWords(condition, within, depth);
    case "not":
      return `not: ${within(condition.of)}`;
    default:
      return DOTS;
  }
}

function comparisonWords({ name, op, value: against }) {
  const subject = shown(name);
  if (op === "exists") return against === false ? `${subject} is not known` : `${subject} is known`;
  if (op === "in") return `${subject} is one of ${listWords((Array.isArray(against) ? against : []).map(value), "or")}`;
  return `${subject} ${COMPARED[op] ?? DOTS} ${value(against)}`;
}

function happenedWords({ event, at_least: least = 1, within: length, where }, inside) {
  const often = least > 1 ? ` at least ${least} times` : "";
  const since = length ? ` within ${durationWords(length)}` : "";
  return `${shown(event)} happened${often}${since}${where ? ` with ${inside(where)}` : ""}`;
}

function customerWords(ids) {
  const named = Array.isArray(ids) ? ids : [];
  return named.length > 3 ? `one of ${named.length} customers named` : `the customer is ${listWords(named.map(value), "or")}`;
}

function groupWords({ kind, of }, within, depth) {
  const parts = (Array.isArray(of) ? of : []).map(within);
  const sentence = listWords(parts, kind === "all" ? "and" : "or");
  return depth > 0 && parts.length > 1 ? `(${sentence})` : sentence;
}
