// The builder of conditions: each kind with its fields, all of them nested as deep as they are.

import { withValue } from "/dashboard/editor-document.js";
import { choiceField, choicesField, clockField, durationField, eventField, eventPartField, namesField, numberField, textField, weekdaysField, yesNoField, zoneField } from "/dashboard/editor-fields.js";
import { listPart, scalarField } from "/dashboard/editor-parts.js";
import { pathText } from "/dashboard/editor-text.js";
import { element } from "/dashboard/element.js";
import { conditionWords } from "/dashboard/picture-conditions.js";

const KINDS = [
  ["attribute", "The customer's attribute"],
  ["happened", "The customer did something"],
  ["field", "The event's field"],
  ["delivery", "What became of a message"],
  ["time_of_day", "The customer's time of day"],
  ["segment", "In a segment of this journey"],
  ["customer", "One of the customers named"],
  ["all", "All of several conditions"],
  ["any", "Any of several conditions"],
  ["not", "Not a condition"],
];
const OPERATORS = [
  ["eq", "is"], ["ne", "is not"], ["gt", "is above"], ["ge", "is at least"], ["lt", "is below"], ["le", "is at most"],
  ["in", "is one of"], ["contains", "contains"], ["exists", "is known"],
];
const ORDERED = ["gt", "ge", "lt", "le"];
const OUTCOMES = ["sent", "delivered", "opened", "clicked", "bounced", "complained", "unsubscribed", "failed"];

const comparison = (kind) => ({ kind, name: "", op: "eq", value: "" });
const BLANK = {
  attribute: () => comparison("attribute"),
  field: () => comparison("field"),
  happened: () => ({ kind: "happened", event: "" }),
  delivery: (form) => ({ kind: "delivery", step: form.sends()[0] ?? "", outcomes: ["opened", "clicked"] }),
  time_of_day: () => ({ kind: "time_of_day", from: "09:00", to: "18:00" }),
  segment: (form) => ({ kind: "segment", name: form.segments()[0] ?? "" }),
  customer: () => ({ kind: "customer", ids: [] }),
  all: (_, before) => ({ kind: "all", of: [before ?? comparison("attribute")] }),
  any: (_, before) => ({ kind: "any", of: [before ?? comparison("attribute")] }),
  not: (_, before) => ({ kind: "not", of: before ?? comparison("attribute") }),
};
export const blankCondition = () => comparison("attribute");

/** The builder for the condition at `path`, which may be absent unless `isRequired`. `first` is the kind it begins with. */
export function conditionPart(form, path, { label, hint = "", isRequired = false, first = "attribute" }) {
  const condition = form.get(path);
  const isThere = condition !== undefined && condition !== null;
  const put = (value, focus) => form.change((document) => withValue(document, path, value), focus);
  const key = `condition:${pathText(path)}`;
  const kindKey = pathText([...path, "kind"]);
  return element(
    "fieldset",
    { class: "form-condition", "data-path": pathText(path) },
    element("legend", {}, label),
    hint ? element("small", {}, hint) : null,
    isThere ? form.live(element("p", { class: "form-words" }), () => conditionWords(form.get(path))) : null,
    element("p", { class: "form-problem", hidden: true }),
    isThere ? fieldsOf(form, path, condition, put) : null,
    isThere
      ? isRequired ? null : element("button", { type: "button", class: "link", "data-focus": key, click: () => put(undefined, key) }, "Remove this condition")
      : element("button", { type: "button", class: "button small", "data-focus": key, click: () => put(BLANK[first](form), kindKey) }, "Add a condition"),
  );
}

function fieldsOf(form, path, condition, put) {
  const at = (...more) => [...path, ...more];
  const kinds = choiceField(form, at("kind"), { label: "What is asked", choices: KINDS, chosen: (kind) => put(changed(form, condition, kind), pathText(at("kind"))) });
  const row = (...fields) => element("div", { class: "form-row" }, kinds, fields);
  switch (condition?.kind) {
    case "attribute":
    case "field":
      return comparisonFields(form, path, condition, row);
    case "happened":
      return [
        row(
          eventField(form, at("event")),
          numberField(form, at("at_least"), { label: "At least", unit: "times", placeholder: "1" }),
          durationField(form, at("within"), { label: "Within the last", hint: "Ever, when empty." }),
        ),
        conditionPart(form, at("where"), { label: "Only events with", first: "field" }),
      ];
    case "delivery":
      return row(
        choiceField(form, at("step"), { label: "Message of step", choices: form.sends().map((step) => [step, step]) }),
        choicesField(form, at("outcomes"), { label: "Was", choices: OUTCOMES.map((outcome) => [outcome, outcome]) }),
      );
    case "time_of_day":
      return row(
        clockField(form, at("from"), { label: "From" }),
        clockField(form, at("to"), { label: "To" }),
        weekdaysField(form, at("weekdays")),
        zoneField(form, at("zone_when_unknown"), { label: "Zone, where the customer's is not known" }),
      );
    case "segment":
      return row(choiceField(form, at("name"), { label: "Segment", hint: "Defined below, under Segments.", choices: form.segments().map((name) => [name, name]) }));
    case "customer":
      return row(namesField(form, at("ids"), { label: "Customer ids", isRequired: true }));
    case "all":
    case "any":
      return [
        row(),
        listPart(form, at("of"), { label: condition.kind === "all" ? "Each of these" : "One of these", item: "Condition", add: "Add another condition", make: () => comparison("attribute"), least: 1 }, (inner, index) =>
          conditionPart(form, inner, { label: `Condition ${index + 1}`, isRequired: true }),
        ),
      ];
    case "not":
      return [row(), conditionPart(form, at("of"), { label: "This must not hold", isRequired: true })];
    default:
      return row();
  }
}

/** The condition as another kind; what it was is kept inside where there is room for it. */
function changed(form, before, kind) {
  const isGroup = (one) => one?.kind === "all" || one?.kind === "any";
  if (isGroup(before) && (kind === "all" || kind === "any")) return { ...before, kind };
  const isComparison = (one) => one === "attribute" || one === "field";
  if (isComparison(before?.kind) && isComparison(kind)) return { ...before, kind };
  return BLANK[kind](form, before);
}

function comparisonFields(form, path, { op, value }, row) {
  const at = (name) => [...path, name];
  const chosen = (operator) => form.change((document) => withValue(withValue(document, at("op"), operator), at("value"), valueFor(operator, value)), pathText(at("op")));
  const isField = form.get(at("kind")) === "field";
  return row(
    isField ? eventPartField(form, at("name"), { label: "Field", example: "order.total", isRequired: true }) : textField(form, at("name"), { label: "Attribute", example: "country", isRequired: true }),
    choiceField(form, at("op"), { label: "Comparison", choices: OPERATORS, chosen }),
    op === "exists"
      ? yesNoField(form, at("value"), { label: "Value" })
      : scalarField(form, at("value"), { label: op === "in" ? "Values" : "Value", isList: op === "in", hint: op === "in" ? "Several are separated by commas." : "" }),
  );
}

/** The value as the operator takes it: what is put in order is a number, unless it cannot be one. */
function valueFor(operator, value) {
  if (operator === "exists") return true;
  if (ORDERED.includes(operator)) {
    const one = Array.isArray(value) ? value[0] : value;
    return typeof one === "string" && one.trim() !== "" && !Number.isFinite(Number(one)) ? one : Number(one ?? 0);
  }
  if (operator === "in") return Array.isArray(value) ? value : value === undefined || value === "" ? [] : [value];
  return Array.isArray(value) ? (value[0] ?? "") : (value ?? "");
}
