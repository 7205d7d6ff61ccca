// What the check says, in words for whoever fills in the form. Pure.

import { secondsOf } from "/dashboard/editor-duration.js";
import { counted } from "/dashboard/format.js";

/** Whether a path is `outer` or lies in it. */
export const isWithin = (path, outer) => path === outer || path.startsWith(`${outer}.`) || path.startsWith(`${outer}[`);

const PLAINLY = "Write the number without anything between its thousands, such as 1000.";
const FILL_IN = "Fill this in.";
const CHOOSE_STEP = "Choose a step.";
const PATTERNS = [
  [/^\$\.steps\.[^.]*$/, "A step's name has small letters, digits, - and _, and begins with a letter."],
  [/\.(event|type)$/, "An event's type has letters, digits and . _ : / -, such as order.placed."],
  [/\.(from|to|time)$/, "Write a time as HH:MM, such as 09:00."],
  [/\.at\[\d+\]$/, "Write a date and a time, such as 2027-03-01T09:00."],
  [/\.(next|on_timeout|otherwise|back_to|when_missing|start|step)$/, CHOOSE_STEP],
];
const LENGTHS = /\.(duration|timeout|look_back|horizon|window|compare_before|expires_after|before|after|within|period|grace|minimum_gap|per|runs_for)$/;
const MOMENTS = /^\$\.tests\[.*\.at$/; // after the start of a test, which is 0
const SEPARATED = /^[-+]?\d{1,3}([, ']\d{3})+/; // "1,000"
const WHOLE = "Write a whole number of at least 1.";

/** What the form says in place of the check's own words, which speak of the document: `what` is wrong, `fix` mends it. */
const IN_THE_FORM = {
  missing_key: { what: "Say which field of the event tells one entry from another, such as cart_id.", fix: "" },
  missing_goal: { fix: "State the goal under “Goal, holdout and ends”." },
  no_exit: { what: "The journey never ends.", fix: "Add a step “End”." },
  unknown_step: { what: "There is no such step.", fix: CHOOSE_STEP },
  unreachable: { fix: "Lead a step to it, or remove it." },
  loop: { fix: "Lead back by a step “Go back” instead: it counts the rounds." },
  no_loop: { what: "No way leads from that step back to this one.", fix: "Go back to a step before it." },
  loop_without_wait: { what: "All rounds would happen at once.", fix: "Put a wait on the way." },
  after_expiry: { fix: "Shorten a wait, or raise “Everybody leaves after”." },
  longer_than_expiry: { fix: "Shorten it, or raise “Everybody leaves after”." },
  shorter_than_quiet_hours: { fix: "Raise “Drop it when late by”, or do not send what falls into quiet hours." },
  shorter_than_gap: { fix: "Raise “Drop it when late by”, or lower “Least time between two messages”." },
  forbidden_by_cap: { fix: "Raise the limit under “Messages per customer”, or remove a message." },
  forbidden_by_budget: { fix: "Raise the budget." },
  always_quiet: { fix: "Choose another time, or change the quiet hours." },
  put_off_every_time: { fix: "Choose another time, or change the quiet hours." },
  quiet_everywhere: { fix: "Let other channels send in quiet hours, or untick “it is quiet” here." },
  outside_entry: { what: "On this date nobody may enter.", fix: "Move it, or the dates of entry." },
  look_back_with_where: { what: "Of past events only their times are kept, so nothing can be asked of their fields.", fix: "Remove one of the two." },
  counted_by_fields: { fix: "Ask about the event's own fields." },
  no_recheck: { fix: "Tick “Look again by the calendar”." },
  no_entry_event: { what: "Customers enter here without an event, so there are no fields of one.", fix: "Use an attribute of the customer." },
  nothing_sent_yet: { fix: "Choose a message that is sent before." },
  long_wait: { fix: "Check the unit." },
};

/** A problem as a sentence or two; `value` stands at its place. */
function inWords({ path, rule, detail, fix }, value) {
  const byName = PATTERNS.find(([pattern]) => pattern.test(path))?.[1];
  if (value === "" && ["string_too_short", "string_pattern_mismatch", "unknown_step"].includes(rule)) return byName === CHOOSE_STEP ? CHOOSE_STEP : FILL_IN;
  switch (rule) {
    case "missing":
    case "string_too_short":
      return FILL_IN;
    case "string_pattern_mismatch":
      return byName ?? "Letters, digits, _ . and - are allowed, and no digit first.";
    case "too_short":
      return "Add at least one.";
    case "float_type":
    case "finite_number":
      return SEPARATED.test(value) ? PLAINLY : "Write a number.";
    case "int_type":
    case "int_from_float":
      return SEPARATED.test(value) ? PLAINLY : "Write a whole number.";
    case "greater_than_equal":
    case "less_than_equal":
    case "greater_than":
      return sentence(detail.replace(/^must be /, ""));
    case "timezone_aware":
    case "datetime_type":
    case "datetime_parsing":
    case "datetime_from_date_parsing":
      return "Write a date, a time and its offset, such as 2027-03-01T09:00:00Z.";
    case "test_fails":
      return "This test fails: its card tells what goes otherwise than expected.";
    case "union_tag_invalid":
      return "This kind is not known.";
    case "value_error":
      if (LENGTHS.test(path) && !secondsOf(value)) return WHOLE;
      if (MOMENTS.test(path) && secondsOf(value) === null) return "Write a whole number.";
      break;
    default:
  }
  const ours = IN_THE_FORM[rule];
  return [sentence(ours?.what ?? plain(detail)), sentence(ours?.fix ?? plain(fix))].filter(Boolean).join(" ");
}

/** "paths[0]" as the form counts: "path 1". */
const plain = (text) => (text ?? "").replaceAll(/\bpaths\[(\d+)\]/g, (_, at) => `path ${Number(at) + 1}`);

/** The problems with their words, each said once of its place; `document` is what was checked. */
export function worded(problems, document) {
  const said = new Set();
  return problems
    .map((problem) => ({ path: problem.path, words: inWords(problem, valueNamed(document, problem.path)) }))
    .filter(({ path, words }) => !said.has(`${path} ${words}`) && said.add(`${path} ${words}`));
}

/** The step (null: none) that a path is about, or lies in. */
export const stepOf = (path) => /^\$\.steps\.([^.[]+)/.exec(path ?? "")?.[1] ?? null;

/** Which boxes of the picture have problems, as it takes them: by step, and "" for the entry. */
export function faults(problems) {
  const numbers = new Map();
  for (const { path } of problems) {
    const key = isWithin(path, "$.entry") ? "" : stepOf(path);
    if (key !== null) numbers.set(key, (numbers.get(key) ?? 0) + 1);
  }
  return new Map([...numbers].map(([key, number]) => [key, { lines: [counted(number, "problem")], tone: "bad" }]));
}

/** What stands at a path as the API writes it, whose names may have dots in them. */
function valueNamed(document, path, own = "$") {
  if (path === own) return document;
  if (typeof document !== "object" || document === null) return undefined;
  for (const [name, inner] of Object.entries(document)) {
    const next = Array.isArray(document) ? `${own}[${name}]` : `${own}.${name}`;
    if (isWithin(path, next)) return valueNamed(inner, path, next);
  }
  return undefined;
}

function sentence(text) {
  if (!text) return "";
  const begun = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(begun) ? begun : `${begun}.`;
}
