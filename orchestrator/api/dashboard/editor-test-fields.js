// The fields of one of a journey's tests: what its made-up customer does, what channels report, what is expected.

import { valueAt, withValue } from "/dashboard/editor-document.js";
import { anyChannelField, CHANNELS, choiceField, durationField, eventField, instantField, namesField, textField } from "/dashboard/editor-fields.js";
import { listPart, namedPart, optionalPart, row, scalarField } from "/dashboard/editor-parts.js";
import { element } from "/dashboard/element.js";
import { listAt, objectAt } from "/dashboard/picture-words.js";

const REPORTS = ["sent", "delivered", "opened", "clicked", "bounced", "complained", "unsubscribed", "failed"];
const GIVEN = {
  event: { name: "The customer does something", make: () => ({ event: "" }) },
  attributes: { name: "Attributes of the customer become known", event: "customer.updated", make: () => ({ event: "customer.updated", data: { attributes: {} } }) },
  granted: { name: "The customer agrees to messages", event: "consent.granted", make: () => ({ event: "consent.granted", data: { channel: "*" } }) },
  revoked: { name: "The customer wants no more messages", event: "consent.revoked", make: () => ({ event: "consent.revoked", data: { channel: "*" } }) },
  requested: { name: "Another system sends the customer in", event: "orchestrator.entry.requested", make: () => ({ event: "orchestrator.entry.requested", data: { journey_id: "journey" } }) },
  report: { name: "A channel reports of a message", make: (form) => ({ report: "opened", step: form.sends()[0] ?? "" }) },
};
const GIVEN_CHOICES = Object.entries(GIVEN).map(([kind, { name }]) => [kind, name]);
const ALL_CHANNELS = [["*", "All channels"], ...CHANNELS];

/** A test to begin with: somebody who agrees to messages enters, where that can be made up. */
export function blankTest(definition) {
  const names = new Set(listAt(definition.tests).map((test) => test?.name));
  let number = names.size + 1;
  while (names.has(`Test ${number}`)) number += 1;
  return { name: `Test ${number}`, given: [GIVEN.granted.make(), entering(objectAt(definition.entry))] };
}

function entering({ kind, type }) {
  if (kind === "event") return { event: type ?? "" };
  return GIVEN[kind === "api" ? "requested" : "attributes"].make();
}

/** All there is to say of the test at `path`. */
export function testFields(form, path) {
  const at = (...more) => [...path, ...more];
  const definition = objectAt(form.get([]));
  return [
    row(textField(form, at("name"), { label: "Name", hint: "The promise that the story shows to be kept.", isRequired: true })),
    row(
      instantField(form, at("starts"), { label: "The story begins", hint: "Monday 5 January 2026 at noon, when empty." }),
      durationField(form, at("runs_for"), { label: "It goes on for", hint: "Until nothing waits any more, when empty." }),
    ),
    armsPart(form, at("arms"), definition),
    listPart(form, at("given"), { label: "What happens", hint: "In order of time.", item: "Occurrence", add: "Something else happens", make: () => ({ ...afterLast(form.get(at("given"))), event: "" }), least: 1 }, (given) => givenFields(form, given, definition)),
    listPart(form, at("sends"), { label: "Messages that are expected", hint: "All of them, in order, and no others: none where none is listed. What is left empty is not compared.", item: "Message", add: "Expect a message", make: () => ({ template: "" }) }, (expected) => expectedFields(form, expected, definition)),
    row(namesField(form, at("ends"), { label: "Reasons for which runs end", hint: "In order, separated by commas; not compared, when empty.", placeholder: "completed" })),
  ];
}

/** The moment of what happened last, for what happens next. */
function afterLast(given) {
  const after = listAt(given).at(-1)?.at;
  return after === undefined ? {} : { at: after };
}

/** Which way everybody takes at a split or an experiment: the first, unless it is chosen. */
function armsPart(form, path, definition) {
  const chosen = Object.keys(objectAt(form.get(path)));
  const ways = Object.entries(objectAt(definition.steps)).flatMap(([step, fields]) => (fields?.kind === "split" ? [[step, listAt(fields.paths)]] : fields?.kind === "experiment" ? [[step, listAt(fields.arms)]] : []));
  const gone = chosen.filter((step) => !ways.some(([known]) => known === step)).map((step) => [step, []]);
  const fields = [...ways, ...gone].map(([step, arms]) => {
    const names = arms.map((arm) => String(arm?.name ?? "")).filter(Boolean);
    return choiceField(form, [...path, step], { label: `At ${step} everybody takes`, choices: [["", `the first way: ${names[0] ?? "–"}`], ...names.map((name) => [name, name])] });
  });
  return fields.length > 0 ? row(fields) : null;
}

const kindOf = (given) => ("report" in given ? "report" : (Object.keys(GIVEN).find((kind) => GIVEN[kind].event !== undefined && GIVEN[kind].event === given.event) ?? "event"));

function givenFields(form, path, definition) {
  const at = (...more) => [...path, ...more];
  const given = objectAt(form.get(path));
  const kind = kindOf(given);
  const chosen = (choice) => form.change((document) => {
    const { at: after, customer } = objectAt(valueAt(document, path));
    const moment = after !== undefined || choice === "report" ? { at: after ?? "PT1H" } : {};
    return withValue(document, path, { ...moment, ...GIVEN[choice].make(form), ...(customer === undefined ? {} : { customer }) });
  });
  return [
    durationField(form, at("at"), { label: "After the start", hint: kind === "report" ? "" : "At once, when empty.", unit: "H" }),
    choiceField(form, at("what"), { label: "What happens", value: kind, choices: GIVEN_CHOICES, chosen }),
    ...whatFields(form, at, kind, definition),
    textField(form, at("customer"), { label: "Customer", hint: "For stories of several.", placeholder: "customer" }),
  ];
}

function whatFields(form, at, kind, definition) {
  switch (kind) {
    case "report":
      return [
        choiceField(form, at("report"), { label: "It was", choices: REPORTS.map((report) => [report, report]) }),
        choiceField(form, at("step"), { label: "The last message of step", choices: form.sends().map((step) => [step, step]) }),
      ];
    case "granted":
    case "revoked":
      return [
        choiceField(form, at("data", "channel"), { label: "Over", choices: ALL_CHANNELS }),
        textField(form, at("data", "category"), { label: "Category", placeholder: "all", suggestions: ["marketing", "transactional"] }),
      ];
    case "attributes":
      return [valuesPart(form, at("data", "attributes"), { label: "Attributes", hint: "“timezone” is the zone by whose clock the customer lives, such as Europe/Berlin.", item: "attribute", add: "Add an attribute", wish: "attribute" })];
    case "requested":
      return [valuesPart(form, at("data", "fields"), { label: "Fields it comes with", item: "field", add: "Add a field", wish: "field" })];
    default:
      return [
        eventField(form, at("event"), { offers: () => [...new Set([...eventsOf(definition), ...form.eventTypes()])] }),
        valuesPart(form, at("data"), { label: "Its fields", item: "field", add: "Add a field", wish: "field" }),
      ];
  }
}

function expectedFields(form, path, definition) {
  const at = (...more) => [...path, ...more];
  return [
    textField(form, at("template"), { label: "Template", suggestions: templatesOf(definition), isRequired: true }),
    anyChannelField(form, at("channel"), { choices: [["", "any"], ...CHANNELS] }),
    durationField(form, at("at"), { label: "After the start", hint: "At any time, when empty.", unit: "H" }),
    textField(form, at("customer"), { label: "To", placeholder: "anybody" }),
    optionalPart(form, at("variables"), { label: "With exactly these values in it", make: () => ({}) }, () => valuesPart(form, at("variables"), { label: "Values", item: "value", add: "Add a value", wish: "value" })),
  ];
}

const valuesPart = (form, path, options) => namedPart(form, path, { make: () => "", ...options }, (at) => valueField(form, at));

function valueField(form, path) {
  const value = form.get(path);
  if (typeof value !== "object") return scalarField(form, path, { label: "Value" });
  return element("p", { class: "form-words" }, `${JSON.stringify(value)} – a list or an object: change it in the JSON view.`);
}

/** The types of events that a definition speaks of. */
export function eventsOf(definition) {
  const found = new Set();
  const look = (value) => {
    if (Array.isArray(value)) value.forEach(look);
    else if (typeof value === "object" && value !== null) {
      if (typeof value.event === "string" && value.event) found.add(value.event);
      Object.values(value).forEach(look);
    }
  };
  const { tests: _, ...rest } = definition;
  look({ ...rest, first: { event: objectAt(definition.entry).type } });
  return [...found].sort();
}

function templatesOf(definition) {
  const sends = Object.values(objectAt(definition.steps)).filter((step) => step?.kind === "send");
  return [...new Set(sends.flatMap((send) => [send, ...listAt(send.fallback?.to)]).map((way) => way?.template).filter(Boolean))];
}
