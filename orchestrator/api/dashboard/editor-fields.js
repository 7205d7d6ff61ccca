// Fields of the form. Each shows what stands at one path of the document, and changes it there as it is typed.

import { typedLength, UNITS, writtenLength } from "/dashboard/editor-duration.js";
import { pathText } from "/dashboard/editor-text.js";
import { element } from "/dashboard/element.js";

let numbered = 0;
const THOUSANDS = /^[-+]?[1-9]\d{0,2}(,\d{3})+(\.\d+)?$/; // 1,000 is a thousand to some and one to others
const CLOCK = /^([01]\d|2[0-3]):[0-5]\d$/;
const DAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
export const CHANNELS = [["email", "E-mail"], ["sms", "SMS"], ["push", "Push"], ["whatsapp", "WhatsApp"], ["in-app", "In-app"], ["webhook", "Webhook"]];

/** The value as one types it; what is no text is shown as JSON. */
const typed = (value) => (value === undefined || value === null ? "" : typeof value === "string" ? value : JSON.stringify(value));

/** A control with its name, a hint, and the place where its problems are told. */
function field(path, { label, hint }, control, extra = null) {
  const id = `field-${(numbered += 1)}`;
  control.id = id;
  control.setAttribute("aria-describedby", `${id}-hint ${id}-problem`);
  control.dataset.focus = pathText(path);
  return element(
    "div",
    { class: "form-field", "data-path": pathText(path) },
    element("label", { for: id }, label),
    extra ? element("div", { class: "form-pair" }, control, extra) : control,
    element("small", { id: `${id}-hint` }, hint ?? ""),
    element("p", { class: "form-problem", id: `${id}-problem`, hidden: true }),
  );
}

/** Several controls that are one field. */
function group(path, { label, hint }, ...controls) {
  return element(
    "fieldset",
    { class: "form-field form-group", "data-path": pathText(path) },
    element("legend", {}, label),
    element("div", { class: "form-choices" }, controls.flat()),
    element("small", {}, hint ?? ""),
    element("p", { class: "form-problem", hidden: true }),
  );
}

const optionsOf = (values) => values.map((value) => element("option", { value }));

/** `suggestions` are values to choose from; `offers()` gives those that are known by the time somebody comes to the field. */
export function textField(form, path, options) {
  const { isLong = false, isRequired = false, example, placeholder = example && `such as ${example}`, offers, suggestions = offers && [] } = options;
  const write = () => form.set(path, control.value === "" && !isRequired ? undefined : control.value);
  const list = suggestions ? element("datalist", { id: `list-${(numbered += 1)}` }, optionsOf(suggestions)) : null;
  const offer = offers && (() => list.replaceChildren(...optionsOf(offers())));
  const control = element(isLong ? "textarea" : "input", { ...(isLong ? { rows: 2 } : { type: "text" }), placeholder, list: list?.id, autocomplete: "off", spellcheck: isLong ? null : "false", input: write, focus: offer });
  control.value = typed(form.get(path));
  return field(path, options, control, list);
}

/** The type of an event; those that have come in are offered. */
export const eventField = (form, path, options = {}) =>
  textField(form, path, { label: "Event", example: "order.placed", isRequired: true, offers: () => form.eventTypes(), ...options });

/** A field of an event; those that events of its type have are offered. */
export const eventPartField = (form, path, options) => textField(form, path, { offers: () => form.eventFields(path), ...options });

/** A number, with a point or a comma before its decimals; what is none, or may be two, stays as text, so that the check can tell. */
export function numberField(form, path, options) {
  const write = () => {
    const text = THOUSANDS.test(control.value.trim()) ? control.value : control.value.trim().replace(",", ".");
    form.set(path, text === "" ? undefined : Number.isFinite(Number(text)) ? Number(text) : control.value);
  };
  const control = element("input", { type: "text", inputmode: "decimal", class: "short", placeholder: options.placeholder, autocomplete: "off", input: write });
  control.value = typed(form.get(path));
  return field(path, options, control, options.unit ? element("span", { class: "form-unit" }, options.unit) : null);
}

/**
 * One of `choices` ([value, name], values are text). `chosen(value)` replaces writing it, for what changes other fields
 * too; `value` what stands there now.
 */
export function choiceField(form, path, { choices, chosen, ...options }) {
  const value = options.value ?? form.get(path) ?? options.otherwise ?? "";
  const known = choices.some(([choice]) => choice === value);
  const control = element(
    "select",
    { change: () => (chosen ? chosen(control.value) : form.set(path, control.value === "" ? undefined : control.value)) },
    known ? null : element("option", { value: typed(value), selected: true }, value === "" ? "Choose…" : `${typed(value)} (unknown)`),
    choices.map(([choice, name]) => element("option", { value: choice, selected: choice === value }, name)),
  );
  return field(path, options, control);
}

/** A length of time as a number and a unit, whatever is typed. */
export function durationField(form, path, options) {
  const parts = typedLength(form.get(path), options.unit ?? "D");
  const write = () => form.set(path, writtenLength(control.value, units.value));
  const control = element("input", { type: "text", inputmode: "numeric", class: "short", autocomplete: "off", input: write });
  control.value = parts.number;
  const units = element("select", { "aria-label": `${options.label}: unit`, change: write }, UNITS.map(({ unit, name }) => element("option", { value: unit, selected: unit === parts.unit }, name)));
  return field(path, options, control, units);
}

/** HH:MM on a wall clock. */
export function clockField(form, path, options) {
  const value = form.get(path);
  if (value !== undefined && !CLOCK.test(value)) return textField(form, path, { ...options, hint: "Write HH:MM, such as 09:00." });
  const control = element("input", { type: "time", class: "short", input: () => form.set(path, control.value === "" ? undefined : control.value.slice(0, 5)) });
  control.value = value ?? "";
  return field(path, options, control);
}

/** A moment, in UTC. */
export function instantField(form, path, options) {
  const value = form.get(path);
  const at = new Date(value ?? NaN);
  if (value !== undefined && Number.isNaN(at.getTime())) return textField(form, path, { ...options, hint: "Write a date, a time and its offset, such as 2027-03-01T09:00:00Z." });
  const control = element("input", { type: "datetime-local", input: () => form.set(path, control.value === "" ? undefined : `${control.value.slice(0, 16)}:00Z`) });
  control.value = value === undefined ? "" : at.toISOString().slice(0, 16);
  return field(path, options, control, element("span", { class: "form-unit" }, "UTC"));
}

export const zoneField = (form, path, options) => textField(form, path, { suggestions: Intl.supportedValuesOf("timeZone"), placeholder: "UTC when empty", ...options });

/** Names, separated by commas. */
export function namesField(form, path, options) {
  const write = () => {
    const names = control.value.split(",").map((name) => name.trim()).filter(Boolean);
    form.set(path, names.length === 0 && !options.isRequired ? undefined : names);
  };
  const control = element("input", { type: "text", placeholder: options.placeholder ?? (options.example && `such as ${options.example}`), autocomplete: "off", spellcheck: "false", input: write });
  const value = form.get(path);
  control.value = Array.isArray(value) ? value.map(typed).join(", ") : typed(value);
  return field(path, { hint: "Several are separated by commas.", ...options }, control);
}

/** Some of `choices` ([value, name]); where all is the default, all ticked leaves the field out. */
export function choicesField(form, path, { choices, isAllDefault = false, ...options }) {
  const value = form.get(path);
  const chosen = new Set(Array.isArray(value) ? value : isAllDefault ? choices.map(([choice]) => choice) : []);
  const write = () => {
    const ticked = choices.map(([choice]) => choice).filter((_, at) => boxes[at].checked);
    const isDefault = isAllDefault && ticked.length === choices.length;
    form.set(path, isDefault || (options.isNoneDefault && ticked.length === 0) ? undefined : ticked);
  };
  const boxes = choices.map(([choice]) => element("input", { type: "checkbox", checked: chosen.has(choice), change: write, "data-focus": `${pathText(path)}=${choice}` }));
  return group(path, options, choices.map(([, name], at) => element("label", { class: "form-tick" }, boxes[at], name)));
}

export const weekdaysField = (form, path, options = {}) =>
  choicesField(form, path, { label: "On these days", choices: DAYS.map((day) => [day, day.charAt(0).toUpperCase() + day.slice(1, 3)]), isAllDefault: true, ...options });

export const channelField = (form, path, options = {}) => choiceField(form, path, { label: "Channel", choices: CHANNELS, ...options });
export const anyChannelField = (form, path, options = {}) => choiceField(form, path, { label: "Channel", choices: [["", "All channels"], ...CHANNELS], ...options });

/** Yes or no. */
export function tickField(form, path, { otherwise = false, ...options }) {
  const control = element("input", { type: "checkbox", checked: form.get(path) ?? otherwise, change: () => form.set(path, control.checked === otherwise ? undefined : control.checked) });
  const node = field(path, options, control);
  node.classList.add("form-tick-field");
  return node;
}

export const yesNoField = (form, path, options) =>
  choiceField(form, path, { ...options, value: String(form.get(path) ?? true), choices: [["true", "yes"], ["false", "no"]], chosen: (text) => form.set(path, text === "true") });

/** A step of the journey to go on to, or one that is made on the spot. */
export function stepField(form, path, { label = "Then go on to", ...options } = {}) {
  const steps = form.steps().map((step) => [step, step]);
  const chosen = (value) => (value === NEW_STEP ? form.addStepAt(path) : form.set(path, value));
  return choiceField(form, path, { label, choices: [...steps, [NEW_STEP, "A new step…"]], chosen, ...options });
}

const NEW_STEP = " new"; // no id begins with a space
