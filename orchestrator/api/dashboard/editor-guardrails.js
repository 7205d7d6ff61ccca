// Fields for guardrails: what must never happen in a journey, or in any journey of the workspace.

import { withValue } from "/dashboard/editor-document.js";
import { anyChannelField, CHANNELS, choiceField, choicesField, clockField, durationField, namesField, numberField, textField, weekdaysField, zoneField } from "/dashboard/editor-fields.js";
import { listPart, morePart, namedPart, optionalPart, row } from "/dashboard/editor-parts.js";

const WORDS = {
  journey: { own: "this journey", counted: "over all customers", pauses: "The journey pauses by itself when too many messages go wrong." },
  workspace: { own: "each journey by itself", counted: "over all customers and journeys", pauses: "A journey pauses by itself when too many of its messages go wrong." },
};

const RARE = ["fallback_zones", "consent", "budgets", "rates", "brakes"];

/**
 * Fields for all that `guardrails` of the document may say, which are those `of` a "journey" or a "workspace"; what is
 * seldom needed is folded away, with `more` (fields, and the paths they are about) behind it.
 */
export function guardrailFields(form, of, more = { fields: [], paths: [] }) {
  const at = (...more) => ["guardrails", ...more];
  const { own, counted, pauses } = WORDS[of];
  return [
    listPart(form, at("caps"), { label: "Messages per customer", item: "Limit", add: "Add a limit per customer", make: () => ({ limit: 3, per: "P7D" }) }, (path) => [
      numberField(form, [...path, "limit"], { label: "At most", unit: "messages" }),
      capWindow(form, [...path, "per"]),
      anyChannelField(form, [...path, "channel"]),
      textField(form, [...path, "category"], { label: "Category", placeholder: "all when empty", suggestions: ["marketing", "transactional"] }),
      choiceField(form, [...path, "scope"], { label: "Messages of", choices: [["customer", "all journeys together"], ["journey", own]], otherwise: "customer" }),
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
        choicesField(form, at("quiet_hours", "channels"), { label: "Quiet hours hold for", choices: CHANNELS, isAllDefault: true }),
      ),
    ]),
    morePart("More limits", [...RARE.map((name) => at(name)), ...more.paths].some((path) => form.get(path) !== undefined), [...rareFields(form, at, { counted, pauses }), more.fields]),
  ];
}

function rareFields(form, at, { counted, pauses }) {
  const every = [["day", "each day"], ["total", "in total"]];
  return [
    row(namesField(form, at("fallback_zones"), { label: "Time zone of customers of whom none is known", hint: "UTC, when empty. Of several, separated by commas, it must be allowed in each.", example: "Europe/Berlin" })),
    namedPart(form, at("consent"), { label: "Consent by category", hint: "Not named: transactional needs none, any other needs a yes for the channel.", item: "category", add: "Add a category", wish: "marketing", make: () => "required" }, (path) => [
      choiceField(form, path, { label: "Needs", choices: [["required", "a yes"], ["opt_out", "no “no”"], ["none", "nothing"]] }),
    ]),
    listPart(form, at("budgets"), { label: `Budgets ${counted}`, item: "Budget", add: "Add a budget", make: () => ({ kind: "messages", limit: 10000, per: "day" }) }, (path) => [
      choiceField(form, [...path, "kind"], { label: "Of", choices: [["messages", "messages"], ["money", "money"]] }),
      numberField(form, [...path, "limit"], { label: "At most" }),
      choiceField(form, [...path, "per"], { label: "Counted", choices: every }),
      anyChannelField(form, [...path, "channel"]),
      zoneField(form, [...path, "zone"], { label: "Zone of the days" }),
      choiceField(form, [...path, "when_spent"], { label: "When it is spent", choices: [["defer", "wait for the next day"], ["skip", "do not send"]], otherwise: "defer" }),
    ]),
    listPart(form, at("rates"), { label: `Speed ${counted}`, item: "Speed limit", add: "Add a speed limit", make: () => ({ limit: 100, per: "second" }) }, (path) => [
      numberField(form, [...path, "limit"], { label: "At most", unit: "messages" }),
      choiceField(form, [...path, "per"], { label: "In each", choices: ["second", "minute", "hour"].map((unit) => [unit, unit]) }),
      anyChannelField(form, [...path, "channel"]),
    ]),
    listPart(form, at("brakes"), { label: "Automatic pause", hint: pauses, item: "Rule", add: "Add a rule", make: () => ({ outcome: "complained", percent: 1 }) }, (path) => [
      choiceField(form, [...path, "outcome"], { label: "Messages that", choices: [["bounced", "bounced"], ["failed", "failed"], ["complained", "brought a complaint"], ["unsubscribed", "made somebody unsubscribe"]] }),
      numberField(form, [...path, "percent"], { label: "More than", unit: "%" }),
      numberField(form, [...path, "at_least"], { label: "Of at least", unit: "messages", placeholder: "500" }),
      durationField(form, [...path, "within"], { label: "Within the last" }),
    ]),
  ];
}

function capWindow(form, path) {
  const value = form.get(path);
  const kind = value === "day" || value === "week" ? value : "time";
  const chosen = (choice) => form.change((document) => withValue(document, path, choice === "time" ? "P7D" : choice));
  const choice = choiceField(form, path, { label: "Counted", value: kind, choices: [["time", "over a stretch of time"], ["day", "each calendar day"], ["week", "each calendar week"]], chosen });
  return kind === "time" ? [choice, durationField(form, path, { label: "In any" })] : choice;
}
