// What differs between two definitions, in words. Pure.

import { isSame } from "/dashboard/editor-document.js";
import { counted } from "/dashboard/format.js";
import { conditionWords, durationWords } from "/dashboard/picture-conditions.js";
import { entryWords, isObject, stepWords } from "/dashboard/picture-words.js";

const namesOf = (...parts) => [...new Set(parts.flatMap((part) => (isObject(part) ? Object.keys(part) : [])))];

const CONDITIONS = ["where", "audience", "exclude", "when", "condition"];
const DURATION = /^P(?=\d|T\d)/;
const MOST_CHARS = 120; // of a value

/** What a field is called; others are called by their names. */
const NAMES = {
  about: "what it is for", audience: "only customers who", caps: "limit per customer", compare_before: "compare with what they did before",
  consent: "consent", entry: "who enters", exclude: "never customers who", exit_on: "who leaves early", exits: "reaching the goal ends the journey",
  expires_after: "dropped when late by", fallback_zones: "time zone where none is known", minimum_gap: "least time between two messages",
  next: "goes on to", on_timeout: "when the time is up goes on to", otherwise: "otherwise goes on to", per: "in any", rates: "speed limit", brakes: "automatic pause",
  re_entry: "a customer may come again", start: "everybody begins at", where: "only events with", window: "counts within",
};
const OF_THE_JOURNEY = { expires_after: "everybody leaves after" };

/** What has changed, in a sentence. */
export function changesInWords(before, after) {
  const quoted = (list) => list.map((name) => `“${name}”`).join(", ");
  const { added, removed, changed } = stepsOf(before, after);
  const parts = partsOf(before, after);
  const said = [
    added.length > 0 ? `${counted(added.length, "step")} added: ${quoted(added)}` : "",
    removed.length > 0 ? `${counted(removed.length, "step")} removed: ${quoted(removed)}` : "",
    changed.length > 0 ? `${counted(changed.length, "step")} changed: ${quoted(changed)}` : "",
    parts.length > 0 ? `changed besides: ${parts.map((part) => nameOf(part, OF_THE_JOURNEY)).join(", ")}` : "",
  ].filter(Boolean);
  return said.length === 0 ? "Nothing differs." : `${said.join("; ")}.`;
}

/** What it was and what it is, a line for each thing: "Step “pause”: Wait 1 hour → Wait 2 hours". */
export function detailsInWords(before, after) {
  const [was, is] = [before.steps ?? {}, after.steps ?? {}];
  const { added, removed, changed } = stepsOf(before, after);
  return [
    ...changed.flatMap((step) => changedStep(step, was[step], is[step])),
    ...added.map((step) => `Step “${step}” is new: ${stepWords(is[step])}`),
    ...removed.map((step) => `Step “${step}” is gone: ${stepWords(was[step])}`),
    ...partsOf(before, after).flatMap((part) => changedPart(part, before[part], after[part])),
  ];
}

function stepsOf(before, after) {
  const [was, is] = [before.steps ?? {}, after.steps ?? {}];
  return {
    added: Object.keys(is).filter((step) => !(step in was)),
    removed: Object.keys(was).filter((step) => !(step in is)),
    changed: Object.keys(is).filter((step) => step in was && !isSame(was[step], is[step])),
  };
}

const partsOf = (before, after) => namesOf(before, after).filter((part) => part !== "steps" && !isSame(before[part], after[part]));

/** What is told by the step's sentence is not told again field by field. */
function changedStep(step, was, is) {
  const head = `Step “${step}”`;
  const [words, now] = [stepWords(was), stepWords(is)];
  const sentence = words === now ? [] : [`${head}: ${words} → ${now}`];
  if (was.kind !== is.kind) return sentence;
  return [...sentence, ...fields(was, is).filter(({ path }) => words === now || !isToldBy(path, was.kind)).map((change) => `${head}, ${said(change)}`)];
}

/** Whether the sentence of a step of this kind tells a field. */
function isToldBy([name], kind) {
  const told = { send: ["channel", "template"], wait: ["duration"], wait_for: ["timeout", "event", "condition"], wait_until: ["until"], emit: ["event"], webhook: ["endpoint"], loop: ["back_to", "times"], exit: ["reason"], start_journey: ["journey"] };
  return (told[kind] ?? []).includes(name);
}

function changedPart(part, was, is) {
  if (part === "entry" && entryWords(was) !== entryWords(is)) return [`Who enters: ${entryWords(was)} → ${entryWords(is)}`, ...entryRest(was, is)];
  return fields({ [part]: was }, { [part]: is }).map((change) => capital(said(change, OF_THE_JOURNEY)));
}

/** What the sentence about an entry leaves out. */
function entryRest(was, is) {
  if (was?.kind !== is?.kind) return [];
  return fields(was, is).filter(({ path: [name] }) => !["type", "where"].includes(name)).map((change) => `Who enters, ${said(change)}`);
}

/** Each value that differs: [{path, was, is}]; conditions are one value. */
function fields(was, is, path = []) {
  if (isSame(was, is)) return [];
  const isCondition = CONDITIONS.includes(path.at(-1));
  if (isCondition || (!isObject(was) && !isList(was)) || (!isObject(is) && !isList(is)) || isObject(was) !== isObject(is)) return [{ path, was, is }];
  if (isList(was) && ![...was, ...is].some(isObject)) return [{ path, was, is }];
  const keys = isList(was) ? [...(was.length > is.length ? was : is).keys()] : namesOf(was, is);
  return keys.flatMap((key) => fields(was[key], is[key], [...path, key]));
}

const isList = Array.isArray;

function said({ path, was, is }, others = {}) {
  const name = path.map((part, at) => (typeof part === "number" ? String(part + 1) : nameOf(part, at === 0 ? others : {}))).join(" ");
  const last = path.at(-1);
  return `${name}: ${valueWords(was, last)} → ${valueWords(is, last)}`;
}

const nameOf = (field, others) => others[field] ?? NAMES[field] ?? field.replaceAll("_", " ");
const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);

function valueWords(value, name) {
  const words = textOf(value, name);
  return words.length > MOST_CHARS ? `${words.slice(0, MOST_CHARS)}…` : words;
}

function textOf(value, name) {
  if (value === undefined || value === null || value === "") return "nothing";
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (typeof value === "string") return DURATION.test(value) ? durationWords(value) : value;
  if (isList(value)) return value.length === 0 ? "nothing" : value.map((each) => textOf(each, name)).join(", ");
  if (!isObject(value)) return String(value);
  if (CONDITIONS.includes(name)) return conditionWords(value);
  return Object.entries(value).map(([field, inner]) => `${nameOf(field, {})} ${textOf(inner, field)}`).join(", ");
}
