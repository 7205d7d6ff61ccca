// The form but for its steps: what the journey is called, who enters, what it is for, and what must never happen.

import { conditionPart, blankCondition } from "/dashboard/editor-conditions.js";
import { withValue } from "/dashboard/editor-document.js";
import { choiceField, durationField, eventField, eventPartField, instantField, namesField, numberField, textField, tickField, zoneField } from "/dashboard/editor-fields.js";
import { guardrailFields } from "/dashboard/editor-guardrails.js";
import { listPart, morePart, namedPart, optionalPart, row } from "/dashboard/editor-parts.js";
import { stepsPart } from "/dashboard/editor-steps.js";
import { element } from "/dashboard/element.js";
import { objectAt } from "/dashboard/picture-words.js";

/** The sections of a journey's form; `campaign` is the editor's own field, for what is not in the document. */
export function journeySections(campaign) {
  const belongs = element("label", { class: "form-field" }, element("span", {}, "Campaign"), campaign, element("small", {}, "The id in your campaign system, if it belongs to one."));
  return [
    { name: "basics", title: "Name and purpose", paths: ["$.name", "$.about"], build: (form) => [...basicsPart(form), belongs] },
    { name: "entry", title: "Who enters", paths: ["$.entry"], build: entryPart },
    { name: "steps", title: "What happens", paths: ["$.steps", "$.start"], build: (form) => [stepsPart(form)] },
    { name: "goal", title: "Goal, holdout and ends", paths: ["$.goal", "$.holdout", "$.exit_on", "$.expires_after"], build: goalPart },
    { name: "guardrails", title: "Guardrails", paths: ["$.guardrails", "$.priority", "$.exclusion_group"], build: guardrailsPart },
    { name: "segments", title: "Segments", paths: ["$.segments"], build: (form) => [segmentsPart(form)], isOpen: (form) => form.segments().length > 0 },
  ];
}

function basicsPart(form) {
  return [
    row(textField(form, ["name"], { label: "Name", example: "Win back", isRequired: true })),
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
  always: { name: "Whenever they are not under way", make: () => ({ kind: "always" }) },
  once_per_key: { name: "Once for each value of a field, such as each cart", make: () => ({ kind: "once_per_key" }) },
};
const named = (kinds) => Object.entries(kinds).map(([kind, { name }]) => [kind, name]);

function entryPart(form) {
  const at = (...more) => ["entry", ...more];
  const kind = form.get(at("kind"));
  const chosen = (choice) => form.change((document) => ({ ...document, entry: entryAs(choice, objectAt(document.entry), form.remembered) }));
  const isKeyed = kind === "event" || kind === "api";
  const key = isKeyed ? eventPartField(form, at("key"), { label: "Field that tells one entry from another", hint: "With cart_id a customer is under way once for each cart. Once at a time, when empty.", example: "cart_id" }) : null;
  return [
    row(
      choiceField(form, at("kind"), { label: "Customers enter", choices: named(ENTRIES), chosen }),
      kind === "event" ? eventField(form, at("type"), { hint: "The type that your systems publish.", example: "customer.signed_up" }) : null,
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
    morePart("Dates, number of entries", ["opens_at", "closes_at", "capacity", "grace"].some((name) => form.get(at(name)) !== undefined), [
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

/** The entry as another kind: what every kind has goes along, and what was written for this kind before comes back. */
function entryAs(kind, before, remembered) {
  const only = (fields, isShared) => Object.fromEntries(Object.entries(fields).filter(([field]) => SHARED.includes(field) === isShared));
  remembered.set(`entry:${before.kind}`, before);
  const again = remembered.get(`entry:${kind}`) ?? ENTRIES[kind].make();
  const audience = kind === "segment" ? { audience: again.audience } : {};
  return { ...only(again, false), ...audience, ...only(before, true) };
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

function goalPart(form) {
  return [
    optionalPart(form, ["goal"], { label: "The journey has a goal", hint: "What the journey is compared on.", make: () => ({ event: "order.placed", window: "P14D" }) }, () => [
      row(
        eventField(form, ["goal", "event"]),
        durationField(form, ["goal", "window"], { label: "Counts within", hint: "After the entry." }),
        eventPartField(form, ["goal", "value"], { label: "Field with the revenue", example: "amount" }),
      ),
      conditionPart(form, ["goal", "where"], { label: "Only events with", first: "field" }),
      row(
        tickField(form, ["goal", "exits"], { label: "Reaching the goal ends the journey for this customer", otherwise: true }),
        durationField(form, ["goal", "compare_before"], { label: "Compare with what they did before", hint: "How far before the entry to look, 1 to 90 days: it makes the comparison with those held out more exact. Not at all, when empty." }),
      ),
    ]),
    optionalPart(form, ["holdout"], { label: "Hold some customers out", hint: "They get nothing, so that the effect can be measured.", make: () => ({ percent: 10 }) }, () =>
      row(numberField(form, ["holdout", "percent"], { label: "Share held out", unit: "%" })),
    ),
    listPart(form, ["exit_on"], { label: "Who leaves early", item: "Reason", add: "Add a reason to leave", make: () => ({ event: "", reason: "left" }) }, (path) => exitFields(form, path)),
    row(durationField(form, ["expires_after"], { label: "Everybody leaves after", hint: "A year after the entry, when empty." })),
  ];
}

function exitFields(form, path) {
  const isCondition = form.get([...path, "when"]) !== undefined;
  const chosen = (what) => form.change((document) => withValue(document, path, { ...(what === "when" ? { when: blankCondition() } : { event: "" }), reason: form.get([...path, "reason"]) ?? "left" }));
  return [
    choiceField(form, [...path, "what"], { label: "A customer leaves", value: isCondition ? "when" : "event", choices: [["event", "when an event comes"], ["when", "when a condition holds"]], chosen }),
    textField(form, [...path, "reason"], { label: "Reason in reports", isRequired: true }),
    isCondition ? conditionPart(form, [...path, "when"], { label: "Condition", isRequired: true }) : eventField(form, [...path, "event"]),
    isCondition ? null : conditionPart(form, [...path, "where"], { label: "Only events with", first: "field" }),
  ];
}

const guardrailsPart = (form) =>
  guardrailFields(form, "journey", {
    paths: [["priority"], ["exclusion_group"]],
    fields: row(
      numberField(form, ["priority"], { label: "Priority", hint: "0 to 100: of several journeys that would send at once, the highest goes first.", placeholder: "50" }),
      textField(form, ["exclusion_group"], { label: "Exclusion group", hint: "A customer is under way in one journey of a group at a time.", example: "promotions" }),
    ),
  });

function segmentsPart(form) {
  return namedPart(form, ["segments"], { label: "Conditions with a name", hint: "For use in other conditions.", item: "segment", add: "Add a segment", wish: "segment", make: blankCondition }, (path) => conditionPart(form, path, { label: "Who is in it", isRequired: true }));
}
