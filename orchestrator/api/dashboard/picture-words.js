// A journey's definition in plain English. It may be half written: what is missing is told as "…", and nothing here throws.

import { channelName } from "/dashboard/channels.js";
import { conditionWords, durationWords, listWords, quoted, weekdayWords } from "/dashboard/picture-conditions.js";

const DOTS = "…";
/** Whether it has fields: no list, and not nothing. */
export const isObject = (value) => typeof value === "object" && value !== null && !Array.isArray(value);
/** What stands there if it is an object, else an empty one; the same for lists. */
export const objectAt = (value) => (isObject(value) ? value : {});
export const listAt = (value) => (Array.isArray(value) ? value : []);
const text = (value) => (value === undefined || value === null || value === "" ? DOTS : String(value));
const channelOf = (channel) => (channel ? nameInside(channelName(String(channel))) : DOTS);
/** "E-mail" as it stands inside a sentence; abbreviations stay as they are. */
const nameInside = (name) => (/^[A-Z]{2}|^WhatsApp/.test(name) ? name : name.charAt(0).toLowerCase() + name.slice(1));

/** Each kind of step: what a person calls it, and what it is for. */
export const STEP_KINDS = {
  __proto__: null, // a half-written kind may be any word
  send: { name: "Send a message", about: "by e-mail, SMS, push, WhatsApp, in the app or to a webhook" },
  wait: { name: "Wait a while", about: "a fixed time" },
  wait_until: { name: "Wait until a time", about: "a date, a time of day, a customer's own date" },
  wait_for: { name: "Wait for something", about: "an event or a condition, with a time limit" },
  branch: { name: "Branch", about: "the first path whose condition holds" },
  split: { name: "Split at random", about: "fixed shares" },
  experiment: { name: "Experiment", about: "tries several ways and keeps the best" },
  update: { name: "Update the customer", about: "sets or forgets attributes" },
  start_journey: { name: "Start another journey", about: "for the same customer" },
  emit: { name: "Publish an event", about: "for this and other systems" },
  webhook: { name: "Tell another system", about: "by the name of an endpoint" },
  loop: { name: "Go back", about: "to an earlier step, so many times" },
  exit: { name: "End", about: "the customer has completed the journey" },
};

/** "Send e-mail ‘we-miss-you’", "Wait 3 days". */
export function stepWords(step) {
  const { kind, ...fields } = objectAt(step);
  switch (kind) {
    case "send":
      return `Send ${channelOf(fields.channel)} ${quoted(text(fields.template))}`;
    case "wait":
      return `Wait ${durationWords(fields.duration)}`;
    case "wait_until":
      return `Wait until ${momentWords(fields.until)}`;
    case "wait_for":
      return `Wait up to ${durationWords(fields.timeout)} for ${fields.condition ? conditionWords(fields.condition) : text(fields.event)}`;
    case "branch": {
      const paths = listAt(fields.paths);
      return paths.length === 1 ? `If ${conditionWords(paths[0]?.when)}` : `Choose by ${paths.length} conditions`;
    }
    case "split":
      return `Split at random: ${listWords(listAt(fields.paths).map((path) => `${text(path?.name)} ${text(path?.percent)}%`), "and")}`;
    case "experiment":
      return `Try ${listWords(listAt(fields.arms).map((arm) => text(arm?.name)), "and")}, keep the best`;
    case "update":
      return updateWords(fields);
    case "start_journey":
      return `Start another journey (${text(fields.journey)})`;
    case "emit":
      return `Publish ${text(fields.event)}`;
    case "webhook":
      return `Tell ${quoted(text(fields.endpoint))}`;
    case "loop":
      return `Go back to ${text(fields.back_to)}, ${timesWords(fields.times)}`;
    case "exit":
      return fields.reason && fields.reason !== "completed" ? `End: ${fields.reason}` : "End";
    default:
      return kind ? `Unknown kind of step ${quoted(text(kind))}` : "A step without a kind";
  }
}

/** The ways out of a step: [{to, label, field, isBack}]; `field` is where it is written, from the step on. */
export function waysOf(step) {
  const fields = objectAt(step);
  const way = (to, label, ...field) => ({ to, label, field, isBack: false });
  switch (fields.kind) {
    case "exit":
      return [];
    case "wait_until": {
      const next = way(fields.next, "", "next");
      const until = objectAt(fields.until);
      return until.kind === "date_attribute" ? [next, way(until.when_missing, "without a date", "until", "when_missing")] : [next];
    }
    case "wait_for":
      return [
        way(fields.next, fields.condition ? "as soon as it holds" : text(fields.event), "next"),
        way(fields.on_timeout, `after ${durationWords(fields.timeout)}`, "on_timeout"),
      ];
    case "branch":
      return [
        ...listAt(fields.paths).map((path, at) => way(path?.next, `if ${conditionWords(path?.when)}`, "paths", at, "next")),
        way(fields.otherwise, "otherwise", "otherwise"),
      ];
    case "split":
      return listAt(fields.paths).map((path, at) => way(path?.next, `${text(path?.name)}: ${text(path?.percent)}%`, "paths", at, "next"));
    case "experiment":
      return listAt(fields.arms).map((arm, at) => way(arm?.next, text(arm?.name), "arms", at, "next"));
    case "loop":
      return [{ ...way(fields.back_to, `back, ${timesWords(fields.times)}`, "back_to"), isBack: true }, way(fields.next, "then", "next")];
    default:
      return [way(fields.next, "", "next")];
  }
}

/** Who enters: "Whoever does customer.signed_up". */
export function entryWords(entry) {
  const fields = objectAt(entry);
  switch (fields.kind) {
    case "event":
      return `Whoever does ${text(fields.type)}${fields.where ? ` with ${conditionWords(fields.where)}` : ""}`;
    case "segment":
      return `Whoever comes to match: ${conditionWords(fields.audience)}`;
    case "schedule":
      return `Known customers, ${scheduleWords(fields.schedule)}`;
    case "api":
      return "Whomever another system sends in";
    default:
      return "Nobody yet";
  }
}

/** How a customer may come again. */
export function reEntryWords(rule) {
  const { kind, period } = objectAt(rule);
  if (kind === "after") return `again after ${durationWords(period)}`;
  return { __proto__: null, always: "as often as it happens", once_per_key: "once for each key" }[kind] ?? "once only";
}

/** Everything else about a step that its sentence leaves out: a list of sentences. */
export function stepDetails(step) {
  const fields = objectAt(step);
  const told = [];
  const say = (condition, sentence) => condition && told.push(sentence);
  say(fields.kind === "send", `Category ${text(fields.category ?? "marketing")}.`);
  say(fields.kind === "send" && fields.expires_after, `Not worth sending ${durationWords(fields.expires_after)} later.`);
  say(typeof fields.cost === "number", `One costs ${fields.cost}.`);
  const fallback = objectAt(fields.fallback);
  const others = listAt(fallback.to).map((to) => `${channelOf(to?.channel)} ${quoted(text(to?.template))}`);
  say(others.length > 0, `Otherwise ${listWords(others, "then")}: ${listWords(listAt(fallback.when ?? ["no_consent"]).map(failureWords), "or")}${fallback.within ? ` within ${durationWords(fallback.within)}` : ""}.`);
  say(fields.kind === "wait_for" && fields.where, `Only with ${conditionWords(fields.where)}.`);
  say(fields.look_back, `One of the last ${durationWords(fields.look_back)} counts too.`);
  say(fields.kind === "experiment", `No way gets less than ${text(fields.floor_percent ?? 5)}%; decided ${durationWords(fields.horizon)} after the start at the latest.`);
  const values = Object.entries(objectAt(fields.variables ?? fields.set ?? fields.fields ?? fields.data));
  say(values.length > 0, `With ${listWords(values.map(([name, from]) => `${name} = ${variableWords(from)}`), "and")}.`);
  return told;
}

/** "the attribute first_name", "‘spring’". */
function variableWords(variable) {
  const { kind, name, value } = objectAt(variable);
  if (kind === "attribute") return `the attribute ${text(name)}`;
  if (kind === "entry") return `${text(name)} of the entry event`;
  return typeof value === "string" ? quoted(value) : text(value);
}

const FAILURES = { __proto__: null, no_consent: "no consent", quiet_hours: "it is quiet", bounced: "it bounces", failed: "it fails", not_opened: "it is not opened" };
const failureWords = (failure) => FAILURES[failure] ?? text(failure);
const timesWords = (times) => (times === 1 ? "once" : `up to ${text(times)} times`);

function updateWords({ set, remove }) {
  const names = Object.keys(objectAt(set));
  const gone = listAt(remove);
  const parts = [names.length > 0 ? `set ${listWords(names, "and")}` : "", gone.length > 0 ? `forget ${listWords(gone.map(text), "and")}` : ""].filter(Boolean);
  const sentence = parts.join("; ") || `set ${DOTS}`;
  return sentence.charAt(0).toUpperCase() + sentence.slice(1);
}

function momentWords(until) {
  const fields = objectAt(until);
  switch (fields.kind) {
    case "instant":
      return text(fields.at);
    case "date_attribute": {
      const offset = fields.before ? `${durationWords(fields.before)} before ` : fields.after ? `${durationWords(fields.after)} after ` : "";
      return `${offset}the customer's ${text(fields.name)}`;
    }
    case "local_time":
      return `${text(fields.time)}${weekdayWords(fields.weekdays)}, the customer's time`;
    case "local_window":
      return `it is ${text(fields.from)} to ${text(fields.to)}${weekdayWords(fields.weekdays)}, the customer's time`;
    default:
      return DOTS;
  }
}

function scheduleWords(schedule) {
  const { kind, expression, at, zone = "UTC" } = objectAt(schedule);
  if (kind === "cron") return `by the schedule ${quoted(text(expression))} (${zone})`;
  if (kind === "dates") return `on ${listWords(listAt(at).map((date) => text(date).replace("T", " ")), "and")} (${zone})`;
  return `on ${DOTS}`;
}
