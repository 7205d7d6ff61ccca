// The form but for its steps: what the journey is called, who enters, what it is for, and what must never happen.

import { conditionPart, blankCondition } from "/dashboard/editor-conditions.js";
import { withValue } from "/dashboard/editor-document.js";
import {
  anyChannelField, CHANNELS, choiceField, choicesField, clockField, durationField, instantField, namesField, numberField, textField, tickField, weekdaysField, zoneField,
} from "/dashboard/editor-fields.js";
import { listPart, namedPart, optionalPart, row } from "/dashboard/editor-parts.js";
import { element } from "/dashboard/element.js";
import { objectAt } from "/dashboard/picture-words.js";

export function basicsPart(form) {
  return [
    row(textField(form, ["name"], { label: "Name", placeholder: "Win back", isRequired: true })),
    row(textField(form, ["about"], { label: "What it is for", isLong: true, hint: "A sentence for your colleagues." })),
  ];
}

const ENTRIES = {
  event: { name: "When they do something", make: () => ({ kind: "event", type: "" }) },
  segment: { name: "When they come to match a condition", make: () => ({ kind: "segment", audience: blankCondition() }) },
  schedule: { name: "By the calendar", make: () => ({ kind: "schedule", schedule: { kind: "cron", expression: "0 9 * * MON" } }) },
  api: { name: "When another system sends them in", make: () => ({ kind: "api" }) },
};
const SHARED = ["audience", "exclude", "re_entry", "opens_at", "closes_at", "capacity"];
const RE_ENTRIES = {
  never: { name: "Once only", make: () => ({ kind: "never" }) },
  after: { name: "Again after a while", make: () => ({ kind: "after", period: "P90D" }) },
  always: { name: "Whenever no run is under way", make: () => ({ kind: "always" }) },
  once_per_key: { name: "Once for each key, such as each cart", make: () => ({ kind: "once_per_key" }) },
};
const named = (kinds) => Object.entries(kinds).map(([kind, { name }]) => [kind, name]);

export function entryPart(form) {
  const at = (...more) => ["entry", ...more];
  const kind = form.get(at("kind"));
  const chosen = (choice) => form.change((document) => {
    const kept = Object.entries(objectAt(document.entry)).filter(([field]) => SHARED.includes(field));
    return { ...document, entry: { ...ENTRIES[choice].make(), ...Object.fromEntries(kept) } };
  });
  const isKeyed = kind === "event" || kind === "api";
  const key = isKeyed ? textField(form, at("key"), { label: "Field that tells runs apart", hint: "Such as cart_id: one run for each of its values. One run for each customer, when empty.", placeholder: "cart_id" }) : null;
  return [
    row(
      choiceField(form, at("kind"), { label: "Customers enter", choices: named(ENTRIES), chosen }),
      kind === "event" ? textField(form, at("type"), { label: "Event", hint: "The type that your systems publish.", placeholder: "customer.signed_up", isRequired: true }) : null,
      key,
    ),
    kind === "event" ? conditionPart(form, at("where"), { label: "Only events with", first: "field" }) : null,
    kind === "schedule" ? schedulePart(form, at("schedule")) : null,
    conditionPart(form, at("audience"), { label: kind === "segment" ? "Who matches" : "Only customers who", hint: kind === "segment" ? "" : "Everybody, when left out.", isRequired: kind === "segment" }),
    kind === "segment" ? optionalPart(form, at("recheck"), { label: "Look again by the calendar", hint: "Needed where time alone makes somebody match, such as “no order for 90 days”.", make: () => ({ kind: "cron", expression: "0 6 * * *" }) }, () => schedulePart(form, at("recheck"))) : null,
    conditionPart(form, at("exclude"), { label: "But never customers who" }),
    row(
      choiceField(form, at("re_entry", "kind"), { label: "A customer may come", choices: named(RE_ENTRIES), otherwise: "never", chosen: (choice) => form.change((document) => withValue(document, at("re_entry"), RE_ENTRIES[choice].make())) }),
      form.get(at("re_entry", "kind")) === "after" ? durationField(form, at("re_entry", "period"), { label: "After" }) : null,
    ),
    more("Dates, number of entries", [
      row(instantField(form, at("opens_at"), { label: "Nobody enters before" }), instantField(form, at("closes_at"), { label: "Nobody enters from" })),
      optionalPart(form, at("capacity"), { label: "At most so many entries", make: () => ({ limit: 1000 }) }, () =>
        row(
          numberField(form, at("capacity", "limit"), { label: "Entries", hint: "Over all customers." }),
          choiceField(form, at("capacity", "per"), { label: "Counted", choices: [["total", "in total"], ["day", "each day"]], otherwise: "total" }),
          zoneField(form, at("capacity", "zone"), { label: "Zone of the days" }),
        ),
      ),
      kind === "event" ? row(durationField(form, at("grace"), { label: "Decide so long after the event", hint: "An hour at most: for attributes and consents that come a little later.", unit: "M" })) : null,
    ]),
  ];
}

function schedulePart(form, path) {
  const at = (name) => [...path, name];
  const blank = { cron: () => ({ kind: "cron", expression: "0 9 * * MON" }), dates: () => ({ kind: "dates", at: [] }) };
  return row(
    choiceField(form, at("kind"), { label: "Schedule", choices: [["cron", "again and again"], ["dates", "on dates"]], chosen: (kind) => form.change((document) => withValue(document, path, blank[kind]())) }),
    form.get(at("kind")) === "dates"
      ? namesField(form, at("at"), { label: "Dates", hint: "Such as 2027-03-01T09:00; several are separated by commas.", isRequired: true })
      : textField(form, at("expression"), { label: "Cron expression", hint: "Minute, hour, day of the month, month, weekday: “0 9 * * MON” is Mondays at nine.", isRequired: true }),
    zoneField(form, at("zone"), { label: "On the clock of" }),
  );
}

export function goalPart(form) {
  return [
    optionalPart(form, ["goal"], { label: "The journey has a goal", hint: "What it is compared on, and what ends a run.", make: () => ({ event: "order.placed", window: "P14D" }) }, () => [
      row(
        textField(form, ["goal", "event"], { label: "Event", placeholder: "order.placed", isRequired: true }),
        durationField(form, ["goal", "window"], { label: "Counts within", hint: "After the entry." }),
        textField(form, ["goal", "value"], { label: "Field with the revenue", placeholder: "amount" }),
      ),
      conditionPart(form, ["goal", "where"], { label: "Only events with", first: "field" }),
      row(
        tickField(form, ["goal", "exits"], { label: "The run ends there", otherwise: true }),
        durationField(form, ["goal", "compare_before"], { label: "Take the past out of the comparison", hint: "1 to 90 days before the entry; nothing, when empty." }),
      ),
    ]),
    optionalPart(form, ["holdout"], { label: "Hold some customers out", hint: "They get nothing, so that the effect can be measured.", make: () => ({ percent: 10 }) }, () =>
      row(numberField(form, ["holdout", "percent"], { label: "Share held out", unit: "%" })),
    ),
    listPart(form, ["exit_on"], { label: "What ends a run early", item: "Reason", add: "Add a reason to leave", make: () => ({ event: "", reason: "left" }) }, (path) => exitFields(form, path)),
    row(durationField(form, ["expires_after"], { label: "Every run ends after", hint: "A year, when empty." })),
  ];
}

function exitFields(form, path) {
  const isCondition = form.get([...path, "when"]) !== undefined;
  const chosen = (what) => form.change((document) => withValue(document, path, { ...(what === "when" ? { when: blankCondition() } : { event: "" }), reason: form.get([...path, "reason"]) ?? "left" }));
  return [
    choiceField(form, [...path, "what"], { label: "A run ends", value: isCondition ? "when" : "event", choices: [["event", "when an event comes"], ["when", "when a condition holds"]], chosen }),
    textField(form, [...path, "reason"], { label: "Reason in reports", isRequired: true }),
    isCondition ? conditionPart(form, [...path, "when"], { label: "Condition", isRequired: true }) : textField(form, [...path, "event"], { label: "Event", isRequired: true }),
    isCondition ? null : conditionPart(form, [...path, "where"], { label: "Only events with", first: "field" }),
  ];
}

export function guardrailsPart(form) {
  const at = (...more) => ["guardrails", ...more];
  const every = [["day", "each day"], ["total", "in total"]];
  return [
    listPart(form, at("caps"), { label: "Messages per customer", item: "Limit", add: "Add a limit per customer", make: () => ({ limit: 3, per: "P7D" }) }, (path) => [
      numberField(form, [...path, "limit"], { label: "At most", unit: "messages" }),
      capWindow(form, [...path, "per"]),
      anyChannelField(form, [...path, "channel"]),
      textField(form, [...path, "category"], { label: "Category", placeholder: "all", suggestions: ["marketing", "transactional"] }),
      choiceField(form, [...path, "scope"], { label: "Messages of", choices: [["customer", "all journeys"], ["journey", "this journey"]], otherwise: "customer" }),
    ]),
    row(durationField(form, at("minimum_gap"), { label: "Least time between two messages", hint: "To one customer, over all journeys." })),
    optionalPart(form, at("quiet_hours"), { label: "Quiet hours", hint: "By each customer's own clock.", make: () => ({ from: "21:00", to: "08:00" }) }, () => [
      row(
        clockField(form, at("quiet_hours", "from"), { label: "Quiet from" }),
        clockField(form, at("quiet_hours", "to"), { label: "To" }),
        choiceField(form, at("quiet_hours", "on_quiet"), { label: "A message that falls into them", choices: [["defer", "is sent afterwards"], ["skip", "is not sent"]], otherwise: "defer" }),
      ),
      row(
        weekdaysField(form, at("quiet_hours", "weekdays"), { label: "Sending is allowed on" }),
        choicesField(form, at("quiet_hours", "channels"), { label: "Quiet are", choices: CHANNELS, isAllDefault: true }),
      ),
    ]),
    row(namesField(form, at("fallback_zones"), { label: "Zones assumed, where a customer's is not known", hint: "UTC, when empty. It must be allowed in each of them.", placeholder: "Europe/Berlin" })),
    namedPart(form, at("consent"), { label: "Consent by category", hint: "Not named: transactional needs none, any other needs a yes for the channel.", item: "category", add: "Add a category", wish: "marketing", make: () => "required" }, (path) => [
      choiceField(form, path, { label: "Needs", choices: [["required", "a yes"], ["opt_out", "no “no”"], ["none", "nothing"]] }),
    ]),
    listPart(form, at("budgets"), { label: "Budgets over all customers", item: "Budget", add: "Add a budget", make: () => ({ kind: "messages", limit: 10000, per: "day" }) }, (path) => [
      choiceField(form, [...path, "kind"], { label: "Of", choices: [["messages", "messages"], ["money", "money"]] }),
      numberField(form, [...path, "limit"], { label: "At most" }),
      choiceField(form, [...path, "per"], { label: "Counted", choices: every }),
      anyChannelField(form, [...path, "channel"]),
      zoneField(form, [...path, "zone"], { label: "Zone of the days" }),
      choiceField(form, [...path, "when_spent"], { label: "When it is spent", choices: [["defer", "wait for the next day"], ["skip", "do not send"]], otherwise: "defer" }),
    ]),
    listPart(form, at("rates"), { label: "Pace over all customers", item: "Pace", add: "Add a pace", make: () => ({ limit: 100, per: "second" }) }, (path) => [
      numberField(form, [...path, "limit"], { label: "At most", unit: "messages" }),
      choiceField(form, [...path, "per"], { label: "In each", choices: ["second", "minute", "hour"].map((unit) => [unit, unit]) }),
      anyChannelField(form, [...path, "channel"]),
    ]),
    listPart(form, at("brakes"), { label: "Brakes", hint: "The journey pauses by itself when too many messages go wrong.", item: "Brake", add: "Add a brake", make: () => ({ outcome: "complained", percent: 1 }) }, (path) => [
      choiceField(form, [...path, "outcome"], { label: "Messages that", choices: [["bounced", "bounced"], ["failed", "failed"], ["complained", "brought a complaint"], ["unsubscribed", "made somebody unsubscribe"]] }),
      numberField(form, [...path, "percent"], { label: "More than", unit: "%" }),
      numberField(form, [...path, "at_least"], { label: "Of at least", unit: "messages", placeholder: "500" }),
      durationField(form, [...path, "within"], { label: "Within the last" }),
    ]),
    more("Priority and exclusion", [
      row(
        numberField(form, ["priority"], { label: "Priority", hint: "0 to 100: of several journeys that would send at once, the highest goes first.", placeholder: "50" }),
        textField(form, ["exclusion_group"], { label: "Exclusion group", hint: "A customer is under way in one journey of a group at a time.", placeholder: "promotions" }),
      ),
    ]),
  ];
}

function capWindow(form, path) {
  const value = form.get(path);
  const kind = value === "day" || value === "week" ? value : "time";
  const chosen = (choice) => form.change((document) => withValue(document, path, choice === "time" ? "P7D" : choice));
  const choice = choiceField(form, path, { label: "Within", value: kind, choices: [["time", "a time"], ["day", "a calendar day"], ["week", "a calendar week"]], chosen });
  return kind === "time" ? [choice, durationField(form, path, { label: "Of" })] : choice;
}

export function segmentsPart(form) {
  return namedPart(form, ["segments"], { label: "Conditions with a name", hint: "For use in other conditions.", item: "segment", add: "Add a segment", wish: "segment", make: blankCondition }, (path) => conditionPart(form, path, { label: "Who is in it", isRequired: true }));
}

function more(label, nodes) {
  return element("details", { class: "form-more", "data-section": label }, element("summary", {}, label), element("div", { class: "form-inner" }, nodes));
}
