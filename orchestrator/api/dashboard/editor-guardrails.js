// Fields for guardrails: what must never happen in a journey, or in any journey of the workspace.

import { withValue } from "/dashboard/editor-document.js";
import { anyChannelField, CHANNELS, choiceField, choicesField, clockField, durationField, namesField, numberField, textField, weekdaysField, zoneField } from "/dashboard/editor-fields.js";
import { listPart, namedPart, optionalPart, row } from "/dashboard/editor-parts.js";

const WORDS = {
  journey: { own: "this journey", counted: "over all customers", brakes: "The journey pauses by itself when too many messages go wrong." },
  workspace: { own: "each journey by itself", counted: "over all customers and journeys", brakes: "A journey pauses by itself when too many of its messages go wrong." },
};

/** Fields for all that `guardrails` of the document may say, which are those `of` a "journey" or a "workspace". */
export function guardrailFields(form, of) {
  const at = (...more) => ["guardrails", ...more];
  const { own, counted, brakes } = WORDS[of];
  const every = [["day", "each day"], ["total", "in total"]];
  return [
    listPart(form, at("caps"), { label: "Messages per customer", item: "Limit", add: "Add a limit per customer", make: () => ({ limit: 3, per: "P7D" }) }, (path) => [
      numberField(form, [...path, "limit"], { label: "At most", unit: "messages" }),
      capWindow(form, [...path, "per"]),
      anyChannelField(form, [...path, "channel"]),
      textField(form, [...path, "category"], { label: "Category", placeholder: "all", suggestions: ["marketing", "transactional"] }),
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
        choicesField(form, at("quiet_hours", "channels"), { label: "Quiet are", choices: CHANNELS, isAllDefault: true }),
      ),
    ]),
    row(namesField(form, at("fallback_zones"), { label: "Zones assumed, where a customer's is not known", hint: "UTC, when empty. It must be allowed in each of them.", placeholder: "Europe/Berlin" })),
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
    listPart(form, at("rates"), { label: `Pace ${counted}`, item: "Pace", add: "Add a pace", make: () => ({ limit: 100, per: "second" }) }, (path) => [
      numberField(form, [...path, "limit"], { label: "At most", unit: "messages" }),
      choiceField(form, [...path, "per"], { label: "In each", choices: ["second", "minute", "hour"].map((unit) => [unit, unit]) }),
      anyChannelField(form, [...path, "channel"]),
    ]),
    listPart(form, at("brakes"), { label: "Brakes", hint: brakes, item: "Brake", add: "Add a brake", make: () => ({ outcome: "complained", percent: 1 }) }, (path) => [
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
  const choice = choiceField(form, path, { label: "Within", value: kind, choices: [["time", "a time"], ["day", "a calendar day"], ["week", "a calendar week"]], chosen });
  return kind === "time" ? [choice, durationField(form, path, { label: "Of" })] : choice;
}
