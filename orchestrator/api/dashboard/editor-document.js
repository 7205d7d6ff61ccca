// Changes of a definition, each of which makes a new one. Pure.

import { graphOf } from "/dashboard/picture-graph.js";
import { ranksOf } from "/dashboard/picture-layout.js";
import { isObject, listAt, objectAt, waysOf } from "/dashboard/picture-words.js";

/** What stands at a path; undefined where nothing does. */
export function valueAt(document, path) {
  let here = document;
  for (const part of path) {
    if (typeof here !== "object" || here === null || !Object.hasOwn(here, part)) return undefined;
    here = here[part];
  }
  return here;
}

/** The document with `value` at the path, which is made where it is missing; undefined takes away what stands there. */
export function withValue(document, path, value) {
  if (path.length === 0) return value;
  const [part, ...rest] = path;
  const isList = Array.isArray(document);
  if (value === undefined && rest.length === 0) {
    if (isList) return document.filter((_, at) => at !== part);
    const { [part]: _, ...others } = objectAt(document);
    return others;
  }
  const inner = withValue(document?.[part], rest, value);
  if (isList || (typeof part === "number" && document === undefined)) {
    const list = isList ? [...document] : [];
    list[part] = inner;
    return list;
  }
  return { ...objectAt(document), [part]: inner };
}

const EMPTY_IS_DEFAULT = new Set(["segments", "tests", "exit_on", "variables", "set", "fields", "data", "remove", "caps", "rates", "budgets", "brakes", "about"]);
const ALL_WEEK = 7;

/** A stored definition without what only repeats the defaults: null, what is empty, and all seven days of the week. */
export function tidy(value) {
  if (Array.isArray(value)) return value.map(tidy);
  if (!isObject(value)) return value;
  const isDefault = (key, inner) => inner === null || (EMPTY_IS_DEFAULT.has(key) && isEmpty(inner)) || (key === "weekdays" && inner.length === ALL_WEEK);
  const kept = Object.entries(value).filter(([key, inner]) => !isDefault(key, inner));
  // Tests have events with data of any shape, where null means something.
  return Object.fromEntries(kept.map(([key, inner]) => [key, key === "tests" ? inner : tidy(inner)]));
}

const isEmpty = (value) => value === "" || (typeof value === "object" && Object.keys(value).length === 0);

const TOP = ["name", "about", "entry", "start", "steps", "goal", "holdout", "exit_on", "expires_after", "guardrails", "priority", "exclusion_group", "segments", "tests"];

/** A definition in the order in which one reads it: the database keeps none. */
export function inReadingOrder(definition) {
  const { nodes, edges } = graphOf(definition);
  const ranks = ranksOf(nodes, edges);
  const met = [...nodes].sort((a, b) => ranks.get(a.key) - ranks.get(b.key)).map(({ step }) => step);
  const steps = met.filter((step) => Object.hasOwn(objectAt(definition.steps), step)).map((step) => [step, definition.steps[step]]);
  const names = [...TOP.filter((name) => Object.hasOwn(definition, name)), ...Object.keys(definition).filter((name) => !TOP.includes(name))];
  return kindFirst(Object.fromEntries(names.map((name) => [name, name === "steps" ? Object.fromEntries(steps) : definition[name]])));
}

/** With `kind` as the first and `next` as the last name of each object. */
function kindFirst(value) {
  if (Array.isArray(value)) return value.map(kindFirst);
  if (!isObject(value)) return value;
  const place = (name) => (name === "kind" ? 0 : name === "next" ? 2 : 1);
  const entries = Object.entries(value).map(([name, inner], at) => [name, kindFirst(inner), at]);
  return Object.fromEntries(entries.sort((a, b) => place(a[0]) - place(b[0]) || a[2] - b[2]));
}

/** A step of each kind, as it begins: on to `next`. */
const BLANK_STEPS = {
  send: (next) => ({ kind: "send", channel: "email", template: "", next }),
  wait: (next) => ({ kind: "wait", duration: "P1D", next }),
  wait_until: (next) => ({ kind: "wait_until", until: { kind: "local_window", from: "09:00", to: "12:00" }, next }),
  wait_for: (next) => ({ kind: "wait_for", event: "", timeout: "P1D", next, on_timeout: next }),
  branch: (next) => ({ kind: "branch", paths: [{ when: { kind: "attribute", name: "", op: "eq", value: "" }, next }], otherwise: next }),
  split: (next) => ({ kind: "split", paths: [{ name: "a", percent: 50, next }, { name: "b", percent: 50, next }] }),
  experiment: (next) => ({ kind: "experiment", arms: [{ name: "a", next }, { name: "b", next }], horizon: "P14D" }),
  update: (next) => ({ kind: "update", set: {}, next }),
  start_journey: (next) => ({ kind: "start_journey", journey: "", next }),
  emit: (next) => ({ kind: "emit", event: "", next }),
  webhook: (next) => ({ kind: "webhook", endpoint: "", next }),
  loop: (next, before) => ({ kind: "loop", times: 1, back_to: before, next }),
  exit: () => ({ kind: "exit" }),
};

/** What a new step of each kind is called, by what it does and not by how: a wait is none the less one when it is longer. */
export const STEP_NAMES = {
  send: "message", wait: "wait", wait_until: "wait-until", wait_for: "wait-for", branch: "branch", split: "split", experiment: "experiment",
  update: "update", start_journey: "other-journey", emit: "event", webhook: "tell", loop: "go-back", exit: "end",
};

/** Whether the step is still called as a new one of its kind is. */
export const isNamedByKind = (document, step) => step.replace(/-\d+$/, "") === STEP_NAMES[document.steps[step]?.kind];

/** An id that no step has: "message", "message-2". */
export function freeId(document, wish) {
  const taken = objectAt(document.steps);
  for (let number = 1; ; number += 1) {
    const id = number === 1 ? wish : `${wish}-${number}`;
    if (!Object.hasOwn(taken, id)) return id;
  }
}

/** [document, id]: with a new step of `kind` behind `step`, on the first way out of it; before it where it is an end. */
export function withStepAfter(document, step, kind) {
  const id = freeId(document, STEP_NAMES[kind]);
  const before = document.steps[step];
  const field = before?.kind === "branch" ? ["otherwise"] : mainWay(before)?.field;
  const isEnd = field === undefined;
  const fresh = BLANK_STEPS[kind](isEnd ? step : valueAt(before, field), step);
  const led = isEnd ? pointed(document, step, id) : withValue(document, ["steps", step, ...field], id);
  const entries = Object.entries(led.steps);
  const place = entries.findIndex(([name]) => name === step) + (isEnd ? 0 : 1);
  entries.splice(place, 0, [id, fresh]);
  return [{ ...led, steps: Object.fromEntries(entries) }, id];
}

/** Without the step: what led to it leads to where it led. */
export function withoutStep(document, step) {
  const target = waysOf(document.steps[step]).find(({ to, isBack }) => !isBack && to !== step)?.to;
  const led = target === undefined ? document : pointed(document, step, target);
  return withValue(led, ["steps", step], undefined);
}

/** With the step under another id; everything that names it names the new one. A taken or empty id changes nothing. */
export function withStepRenamed(document, step, id) {
  if (id === "" || id === step || Object.hasOwn(document.steps, id)) return document;
  const led = inTests(inConditions(pointed(document, step, id), step, id), step, id);
  return { ...led, steps: Object.fromEntries(Object.entries(led.steps).map(([name, fields]) => [name === step ? id : name, fields])) };
}

const mainWay = (fields) => waysOf(fields).find(({ isBack }) => !isBack);

/** The step that comes right before one, or right after it, on the way; undefined where none can change places with it. */
export function neighbourOf(document, step, isBefore) {
  const steps = objectAt(document.steps);
  if (!isBefore) {
    const next = mainWay(steps[step])?.to;
    return next !== step && Object.hasOwn(steps, next) && mainWay(steps[next]) ? next : undefined;
  }
  if (!mainWay(steps[step])) return undefined;
  return Object.keys(steps).find((name) => name !== step && mainWay(steps[name])?.to === step);
}

/** With two steps, of which the first leads to the second, in each other's place: whatever led to the first leads to the second. */
export function withStepsSwapped(document, first, second) {
  const onward = mainWay(document.steps[second]);
  const led = pointed(document, first, second);
  const apart = withValue(led, ["steps", first, ...mainWay(document.steps[first]).field], onward.to === first ? second : onward.to);
  const swapped = withValue(apart, ["steps", second, ...onward.field], first);
  const entries = Object.entries(swapped.steps);
  const [one, other] = [first, second].map((step) => entries.findIndex(([name]) => name === step));
  [entries[one], entries[other]] = [entries[other], entries[one]];
  return { ...swapped, steps: Object.fromEntries(entries) };
}

/** With a step of another kind in place of one: on to where it led. */
export function withKind(document, step, kind) {
  const before = document.steps[step];
  const next = mainWay(before)?.to ?? Object.keys(document.steps).find((name) => name !== step && document.steps[name]?.kind === "exit") ?? "";
  return withValue(document, ["steps", step], BLANK_STEPS[kind](next, document.start));
}

/** Every way to `from` leads to `to` instead. */
function pointed(document, from, to) {
  let result = document.start === from ? { ...document, start: to } : document;
  for (const [name, fields] of Object.entries(objectAt(document.steps))) {
    for (const way of waysOf(fields)) if (way.to === from) result = withValue(result, ["steps", name, ...way.field], to);
  }
  return result;
}

function inConditions(value, from, to) {
  if (Array.isArray(value)) return value.map((item) => inConditions(item, from, to));
  if (!isObject(value)) return value;
  const inner = Object.fromEntries(Object.entries(value).map(([key, part]) => [key, inConditions(part, from, to)]));
  return inner.kind === "delivery" && inner.step === from ? { ...inner, step: to } : inner;
}

function inTests(document, from, to) {
  if (!Array.isArray(document.tests)) return document;
  const renamed = (fields) => (isObject(fields) && fields.step === from ? { ...fields, step: to } : fields);
  const tests = document.tests.map((test) => {
    if (!isObject(test)) return test;
    const arms = isObject(test.arms) ? { arms: Object.fromEntries(Object.entries(test.arms).map(([name, arm]) => [name === from ? to : name, arm])) } : {};
    const given = Array.isArray(test.given) ? { given: listAt(test.given).map(renamed) } : {};
    return { ...test, ...arms, ...given };
  });
  return { ...document, tests };
}

/** Whether two documents say the same, in whatever order. */
export const isSame = (one, other) => JSON.stringify(sorted(one)) === JSON.stringify(sorted(other));

/** What differs between two definitions, in words: ["step hello", "guardrails"]. */
export function differences(one, other) {
  const names = (a, b) => [...new Set([...Object.keys(objectAt(a)), ...Object.keys(objectAt(b))])];
  const fields = names(one, other).filter((name) => name !== "steps" && !isSame(one?.[name], other?.[name]));
  const steps = names(one?.steps, other?.steps).filter((name) => !isSame(one?.steps?.[name], other?.steps?.[name]));
  return [...fields.map((name) => name.replaceAll("_", " ")), ...steps.map((name) => `step ${name}`)];
}

/** With the names of each object in order, so that their order does not tell objects apart. */
function sorted(value) {
  if (Array.isArray(value)) return value.map(sorted);
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.keys(value).sort().map((name) => [name, sorted(value[name])]));
}

/** What is sent of a document: campaign and name only where they differ from those of the journey (null: a new one). */
export function bodyOf({ journey, campaign }, config, mine) {
  const body = { config };
  if (journey === null ? mine !== "" : mine !== campaign) body.campaign_id = mine || null;
  if (journey !== null && config.name !== journey.config.name) body.name = config.name;
  return body;
}
