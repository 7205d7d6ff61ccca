// The fields of each kind of step.

import { blankCondition, conditionPart } from "/dashboard/editor-conditions.js";
import { withValue } from "/dashboard/editor-document.js";
import {
  channelField, choiceField, choicesField, clockField, durationField, eventField, instantField, namesField, numberField, stepField, textField, weekdaysField, zoneField,
} from "/dashboard/editor-fields.js";
import { listPart, optionalPart, row, variablesPart } from "/dashboard/editor-parts.js";
import { element } from "/dashboard/element.js";

const FAILURES = [["no_consent", "no consent"], ["quiet_hours", "it is quiet"], ["bounced", "it bounces"], ["failed", "it fails"], ["not_opened", "it is not opened"]];
const MOMENTS = {
  local_window: { name: "A window of the customer's day", make: () => ({ kind: "local_window", from: "09:00", to: "12:00" }) },
  local_time: { name: "A time of the customer's day", make: () => ({ kind: "local_time", time: "09:00" }) },
  date_attribute: { name: "A date of the customer", make: (next) => ({ kind: "date_attribute", name: "", when_missing: next }) },
  instant: { name: "One moment for everyone", make: () => ({ kind: "instant", at: "" }) },
};

/** What there is to say of the step at `path`; empty for a kind that the form does not know. */
export function stepFields(form, path) {
  const at = (...more) => [...path, ...more];
  const next = (options) => stepField(form, at("next"), options);
  switch (form.get(at("kind"))) {
    case "send":
      return sendFields(form, at, next);
    case "wait":
      return [row(durationField(form, at("duration"), { label: "Wait" }), next())];
    case "wait_until":
      return waitUntilFields(form, at, next);
    case "wait_for":
      return waitForFields(form, at, next);
    case "branch":
      return [
        listPart(form, at("paths"), { label: "Paths", hint: "Looked at in order; the first that fits is taken.", item: "Path", add: "Add a path", make: () => ({ when: blankCondition(), next: form.get(at("otherwise")) ?? "" }), least: 1 }, (path_) => [
          conditionPart(form, [...path_, "when"], { label: "If", isRequired: true }),
          stepField(form, [...path_, "next"], { label: "Go on to" }),
        ]),
        row(stepField(form, at("otherwise"), { label: "Otherwise go on to" })),
      ];
    case "split":
      return [
        listPart(form, at("paths"), { label: "Shares", hint: "All together are 100%. A customer always takes the same one.", item: "Share", add: "Add a share", make: () => ({ name: "", percent: 0, next: form.get(at("paths", 0, "next")) ?? "" }), least: 2 }, (share) => [
          textField(form, [...share, "name"], { label: "Name in reports", isRequired: true }),
          numberField(form, [...share, "percent"], { label: "Share", unit: "%" }),
          stepField(form, [...share, "next"], { label: "Go on to" }),
        ]),
      ];
    case "experiment":
      return experimentFields(form, at);
    case "update":
      return [
        variablesPart(form, at("set"), { label: "Attributes to set", item: "attribute", add: "Set an attribute", wish: "attribute", make: () => ({ kind: "literal", value: "" }) }),
        row(namesField(form, at("remove"), { label: "Attributes to forget" }), next()),
      ];
    case "start_journey":
      return [row(textField(form, at("journey"), { label: "Id of the other journey", isRequired: true }), next()), variablesPart(form, at("fields"), { label: "Fields it gets", item: "field", add: "Add a field", wish: "field" })];
    case "emit":
      return [row(textField(form, at("event"), { label: "Event", example: "journey.finished", isRequired: true }), next()), variablesPart(form, at("data"), { label: "Fields of the event", item: "field", add: "Add a field", wish: "field" })];
    case "webhook":
      return [row(textField(form, at("endpoint"), { label: "Endpoint", hint: "A name that the webhook adapter knows, not an address.", isRequired: true }), next()), variablesPart(form, at("data"), { label: "What it is told", item: "field", add: "Add a field", wish: "field" })];
    case "loop":
      return [row(stepField(form, at("back_to"), { label: "Go back to" }), numberField(form, at("times"), { label: "At most", unit: "times" }), next({ label: "After that go on to" }))];
    case "exit":
      return [row(textField(form, at("reason"), { label: "Reason in reports", placeholder: "completed when empty" }))];
    default:
      return [element("p", { class: "footnote" }, "The form does not know this kind of step: choose one above, or change it in the JSON view.")];
  }
}

function sendFields(form, at, next) {
  return [
    row(
      channelField(form, at("channel")),
      textField(form, at("template"), { label: "Template", hint: "The name by which the channel knows the message.", example: "welcome", isRequired: true }),
      next(),
    ),
    row(
      textField(form, at("category"), { label: "Category", hint: "Decides about consent and limits.", placeholder: "marketing when empty", suggestions: ["marketing", "transactional"] }),
      durationField(form, at("expires_after"), { label: "Drop it when late by", hint: "However late it is sent, when empty." }),
      numberField(form, at("cost"), { label: "Cost of one", hint: "The workspace's, when empty." }),
    ),
    variablesPart(form, at("variables"), { label: "Values in the message", item: "value", add: "Add a value", wish: "name" }),
    optionalPart(form, at("fallback"), { label: "Try another way when this one fails", make: () => ({ to: [{ channel: "sms", template: "" }], when: ["no_consent"] }) }, () => [
      listPart(form, at("fallback", "to"), { label: "Other ways, in order", item: "Way", add: "Add a way", make: () => ({ channel: "push", template: "" }), least: 1 }, (way) => [
        channelField(form, [...way, "channel"]),
        textField(form, [...way, "template"], { label: "Template", isRequired: true }),
        numberField(form, [...way, "cost"], { label: "Cost of one" }),
      ]),
      row(
        choicesField(form, at("fallback", "when"), { label: "When", choices: FAILURES }),
        durationField(form, at("fallback", "within"), { label: "Wait for reports", hint: "Needed for bounces, failures and opens.", unit: "H" }),
      ),
    ]),
  ];
}

function waitUntilFields(form, at, next) {
  const kind = form.get(at("until", "kind"));
  const target = () => form.get(at("next")) ?? "";
  const chosen = (choice) => form.change((document) => withValue(document, at("until"), MOMENTS[choice].make(target())));
  const until = (name) => at("until", name);
  const days = () => [weekdaysField(form, until("weekdays")), zoneField(form, until("zone_when_unknown"), { label: "Zone, where the customer's is not known" })];
  const fields = {
    __proto__: null,
    local_window: () => [clockField(form, until("from"), { label: "From" }), clockField(form, until("to"), { label: "To" }), days()],
    local_time: () => [clockField(form, until("time"), { label: "At" }), days()],
    date_attribute: () => [
      textField(form, until("name"), { label: "Attribute with the date", example: "birthday", isRequired: true }),
      durationField(form, until("before"), { label: "So long before it" }),
      durationField(form, until("after"), { label: "So long after it" }),
      stepField(form, until("when_missing"), { label: "Without a date go on to" }),
    ],
    instant: () => [instantField(form, until("at"), { label: "Moment" })],
  }[kind];
  const choices = Object.entries(MOMENTS).map(([value, { name }]) => [value, name]);
  return [row(choiceField(form, until("kind"), { label: "Wait until", choices, chosen }), next()), row(fields?.() ?? [])];
}

function waitForFields(form, at, next) {
  const isCondition = form.get(at("condition")) !== undefined;
  const chosen = (what) =>
    form.change((document) => {
      const { event: _, where: __, look_back: ___, condition: ____, ...rest } = form.get(at());
      return withValue(document, at(), what === "condition" ? { ...rest, condition: blankCondition() } : { ...rest, event: "" });
    });
  const what = choiceField(form, at("what"), { label: "Wait for", value: isCondition ? "condition" : "event", choices: [["event", "an event"], ["condition", "a condition to hold"]], chosen });
  const times = [durationField(form, at("timeout"), { label: "At most" }), stepField(form, at("on_timeout"), { label: "When the time is up go on to" })];
  if (isCondition) return [row(what, next({ label: "When it holds go on to" }), times), conditionPart(form, at("condition"), { label: "Condition", isRequired: true })];
  return [
    row(what, eventField(form, at("event")), next({ label: "When it comes go on to" })),
    row(times, durationField(form, at("look_back"), { label: "Also one of the last", hint: "Only what comes after the arrival, when empty." })),
    conditionPart(form, at("where"), { label: "Only events with", first: "field" }),
  ];
}

function experimentFields(form, at) {
  return [
    listPart(form, at("arms"), { label: "Ways that are compared", item: "Way", add: "Add a way", make: () => ({ name: "", next: form.get(at("arms", 0, "next")) ?? "" }), least: 2 }, (arm) => [
      textField(form, [...arm, "name"], { label: "Name in reports", isRequired: true }),
      stepField(form, [...arm, "next"], { label: "Go on to" }),
    ]),
    row(
      durationField(form, at("horizon"), { label: "Decided at the latest after", hint: "From the journey's first start." }),
      numberField(form, at("floor_percent"), { label: "Least share of a way", unit: "%", placeholder: "5" }),
      numberField(form, at("certain_at"), { label: "Probability that is enough", placeholder: "0.95" }),
      numberField(form, at("fewest_customers"), { label: "Customers of each way at least", placeholder: "100" }),
    ),
  ];
}
