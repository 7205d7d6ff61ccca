// What a change of the workspace's settings loosens and what it tightens. Pure.

import { isSame } from "/dashboard/editor-document.js";
import { secondsOf } from "/dashboard/editor-duration.js";
import { pathText } from "/dashboard/editor-text.js";

const DAY_MINUTES = 1_440;
const WEEK = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
const CHANNELS = ["email", "sms", "push", "whatsapp", "in-app", "webhook"];
const MODES = ["none", "opt_out", "required"]; // the stricter the later
const CONSENT = { marketing: "required", transactional: "none" };
const RATE_S = { second: 1, minute: 60, hour: 3_600 };

// A direction is 1 where a rule is tighter than it was, -1 where it is looser, 0 where it binds the same as before, and
// NaN where it is tighter in one way and looser in another, or cannot be compared.

/** The direction of a rule from those of its parts. */
function together(...directions) {
  const told = directions.filter((direction) => direction !== 0);
  return told.length === 0 ? 0 : told.every((direction) => direction === told[0]) ? told[0] : NaN;
}
const lower = (was, is) => Math.sign(was - is);
const higher = (was, is) => Math.sign(is - was);
const equal = (was, is) => (was === is ? 0 : NaN);
const skips = (was = "defer", is = "defer") => Number(is === "skip") - Number(was === "skip");

/** More members are tighter. */
function wider(was, is) {
  const isIn = (some, all) => some.every((one) => all.includes(one));
  const [isMore, isLess] = [isIn(was, is), isIn(is, was)];
  return isMore || isLess ? Number(isMore) - Number(isLess) : NaN;
}

/** Of two equal limits that with the longer window is tighter; a calendar day is no 24 hours. */
function window(was, is) {
  if (was === is) return 0;
  const [before, after] = [secondsOf(was), secondsOf(is)];
  if (before !== null && after !== null) return higher(before, after);
  return before === null && after === null ? (is === "week" ? 1 : -1) : NaN;
}

const period = (was, is) => (was === is ? 0 : is === "total" ? 1 : -1);

/** Of each list of rules: what tells two of them apart, as closely as can be and then more loosely, and their direction. */
const LISTS = {
  caps: {
    keys: [({ channel, category, scope = "customer", per }) => [channel, category, scope, per], ({ channel, category, scope = "customer" }) => [channel, category, scope]],
    direction: (was, is) => together(lower(was.limit, is.limit), window(was.per, is.per)),
  },
  budgets: {
    keys: [({ kind, channel, per, zone = "UTC" }) => [kind, channel, per, zone], ({ kind, channel }) => [kind, channel]],
    direction: (was, is) => {
      const areDaily = was.per === "day" && is.per === "day";
      return together(lower(was.limit, is.limit), period(was.per, is.per), areDaily ? together(equal(was.zone ?? "UTC", is.zone ?? "UTC"), skips(was.when_spent, is.when_spent)) : 0);
    },
  },
  rates: {
    keys: [({ channel, per }) => [channel, per], ({ channel }) => [channel]],
    direction: (was, is) => together(lower(was.limit, is.limit), higher(RATE_S[was.per], RATE_S[is.per])),
  },
  brakes: {
    keys: [({ outcome, within = "P1D" }) => [outcome, secondsOf(within)], ({ outcome }) => [outcome]],
    direction: (was, is) => together(lower(was.percent, is.percent), lower(was.at_least ?? 500, is.at_least ?? 500), equal(secondsOf(was.within ?? "P1D"), secondsOf(is.within ?? "P1D"))),
  },
};

/** Of each rule that there is once. */
const SINGLE = {
  minimum_gap: (was, is) => higher(secondsOf(was), secondsOf(is)),
  quiet_hours: (was, is) =>
    together(
      wider(minutesOf(was), minutesOf(is)),
      wider(was.channels ?? CHANNELS, is.channels ?? CHANNELS),
      wider(is.weekdays ?? WEEK, was.weekdays ?? WEEK),
      skips(was.on_quiet, is.on_quiet),
    ),
};

function minutesOf({ from, to }) {
  const [start, end] = [from, to].map((text) => Number(text.slice(0, 2)) * 60 + Number(text.slice(3, 5)));
  const length = (end - start + DAY_MINUTES) % DAY_MINUTES;
  return Array.from({ length }, (_, at) => (start + at) % DAY_MINUTES);
}

function consent(was = {}, is = {}) {
  const strictness = (modes, category) => MODES.indexOf(modes[category] ?? CONSENT[category] ?? "required");
  const named = [...new Set([...Object.keys(CONSENT), ...Object.keys(was), ...Object.keys(is)])];
  return together(...named.map((category) => higher(strictness(was, category), strictness(is, category))));
}

/**
 * What differs between two settings that hold, or would: [{kind, before, after}], what is loosened first. `kind` is
 * "loosened", "tightened" or "changed"; `before` and `after` are the paths of the rule, null where there is none.
 */
export function changesOfSettings(before, after) {
  const found = [...guardrailChanges(before.guardrails ?? {}, after.guardrails ?? {})];
  if (after.is_sending !== undefined && before.is_sending !== after.is_sending) found.push(change(after.is_sending ? -1 : 1, null, ["is_sending"]));
  if ((before.holdout_percent ?? 0) !== (after.holdout_percent ?? 0)) found.push(change(NaN, ["holdout_percent"], ["holdout_percent"]));
  for (const channel of CHANNELS) {
    const [cost, now] = [before.costs?.[channel], after.costs?.[channel]];
    const path = ["costs", channel];
    if (cost !== now) found.push(change(NaN, cost === undefined ? null : path, now === undefined ? null : path));
  }
  const [needed, needs] = [Boolean(before.needs_approval), Boolean(after.needs_approval)];
  if (needed !== needs) found.push(change(needs ? 1 : -1, ["needs_approval"], ["needs_approval"]));
  const order = ["loosened", "tightened", "changed"];
  return found.sort((one, other) => order.indexOf(one.kind) - order.indexOf(other.kind));
}

function* guardrailChanges(was, is) {
  const [wasThere, isThere] = [was, is].map((rules) => Object.keys(rules).length > 0);
  for (const [name, rules] of Object.entries(LISTS)) yield* listChanges(["guardrails", name], was[name] ?? [], is[name] ?? [], rules);
  for (const [name, direction] of Object.entries(SINGLE)) yield* ruleChange(["guardrails", name], was[name] ?? null, is[name] ?? null, direction);
  if (wasThere && isThere) {
    yield* ruleChange(["guardrails", "fallback_zones"], was.fallback_zones ?? ["UTC"], is.fallback_zones ?? ["UTC"], wider);
    yield* ruleChange(["guardrails", "consent"], was.consent ?? {}, is.consent ?? {}, consent);
  } else if (wasThere || isThere) {
    const path = ["guardrails", "consent"];
    yield isThere ? change(1, null, path) : change(-1, path, null); // with the first rule consent is asked for as well
  }
}

function* ruleChange(path, was, is, direction) {
  if (was === null && is === null) return;
  if (was === null) yield change(1, null, path);
  else if (is === null) yield change(-1, path, null);
  else if (direction(was, is) !== 0) yield change(direction(was, is), path, path);
}

/** Rules are the same rule where they look at the same; what is left over has come or gone. */
function* listChanges(path, was, is, { keys, direction }) {
  const left = was.map((rule, at) => ({ rule, at }));
  const come = is.map((rule, at) => ({ rule, at }));
  const equals = [isSame, ...keys.map((key) => (one, other) => isSame(key(one), key(other)))];
  for (const isEqual of equals) {
    for (const one of [...left]) {
      const other = come.find(({ rule }) => isEqual(one.rule, rule));
      if (other === undefined) continue;
      left.splice(left.indexOf(one), 1);
      come.splice(come.indexOf(other), 1);
      const turn = direction(one.rule, other.rule);
      if (turn !== 0) yield change(turn, [...path, one.at], [...path, other.at]);
    }
  }
  for (const { at } of left) yield change(-1, [...path, at], null);
  for (const { at } of come) yield change(1, null, [...path, at]);
}

function change(direction, before, after) {
  const kind = direction === 1 ? "tightened" : direction === -1 ? "loosened" : "changed";
  return { kind, before: before && pathText(before), after: after && pathText(after) };
}
