// Parts of the form that come and go: what may be left out, lists, and fields by name.

import { valueAt, withValue } from "/dashboard/editor-document.js";
import { choiceField, eventPartField, textField, yesNoField } from "/dashboard/editor-fields.js";
import { pathText } from "/dashboard/editor-text.js";
import { element } from "/dashboard/element.js";
import { listAt, objectAt } from "/dashboard/picture-words.js";

/** Fields beside one another; lists of them are laid out flat, and what is null is left out. */
export const row = (...fields) => element("div", { class: "form-row" }, fields.flat(Infinity));

/** What is seldom needed, folded away; open at first where it is used. */
export function morePart(label, isUsed, nodes) {
  return element(
    "details",
    { class: "form-more", "data-section": label, "data-used": isUsed },
    element("summary", { "data-focus": `more:${label}` }, element("span", {}, label), element("span", { class: "step-problems", hidden: true })),
    element("div", { class: "form-inner" }, nodes.flat(Infinity)),
  );
}

/** A part that may be left out: a tick box, and below it what `build` makes while it is ticked. */
export function optionalPart(form, path, { label, hint = "", make }, build) {
  const isThere = form.get(path) !== undefined && form.get(path) !== null;
  const key = `part:${pathText(path)}`;
  const box = element("input", {
    type: "checkbox", checked: isThere, "data-focus": key,
    change: () => form.change((document) => withValue(document, path, box.checked ? make() : undefined), key),
  });
  return element(
    "div",
    { class: "form-part", "data-path": pathText(path) },
    element("label", { class: "form-tick" }, box, element("span", {}, label, hint ? element("small", {}, ` ${hint}`) : null)),
    element("p", { class: "form-problem", hidden: true }),
    isThere ? element("div", { class: "form-inner" }, [build()].flat(Infinity)) : null,
  );
}

/** A list: each item with what `build(itemPath, at)` makes and a way to remove it, and a button for another one. */
export function listPart(form, path, { label, hint = "", item, add, make, least = 0 }, build) {
  const items = listAt(form.get(path));
  const key = `add:${pathText(path)}`;
  const remove = (at) => form.change((document) => {
    const left = withValue(document, [...path, at], undefined);
    return valueAt(left, path).length === 0 && least === 0 ? withValue(left, path, undefined) : left;
  }, key);
  return element(
    "fieldset",
    { class: "form-list", "data-path": pathText(path) },
    element("legend", {}, label),
    hint ? element("small", {}, hint) : null,
    element("p", { class: "form-problem", hidden: true }),
    items.map((_, at) =>
      element(
        "div",
        { class: "form-item", "data-path": pathText([...path, at]), role: "group", "aria-label": `${item} ${at + 1}` },
        row(build([...path, at], at)),
        element("p", { class: "form-problem", hidden: true }),
        items.length > least ? element("button", { type: "button", class: "link", "data-focus": `remove:${pathText([...path, at])}`, click: () => remove(at) }, `Remove ${item.toLowerCase()} ${at + 1}`) : null,
      ),
    ),
    element("button", { type: "button", class: "button small", "data-focus": key, click: () => form.change((document) => withValue(document, [...path, items.length], make(items.length)), `${pathText([...path, items.length])}`) }, add),
  );
}

/** Values by name: each name with what `build(path)` makes. Names are changed when the reader leaves their field. */
export function namedPart(form, path, { label, hint = "", item, add, wish, make }, build) {
  const entries = Object.entries(objectAt(form.get(path)));
  const key = `add:${pathText(path)}`;
  const put = (left, focus) => form.change((document) => withValue(document, path, left.length > 0 ? Object.fromEntries(left) : undefined), focus);
  const rename = (name, fresh) => {
    if (fresh === "" || entries.some(([taken]) => taken === fresh)) return form.change((document) => document);
    return put(entries.map(([each, value]) => [each === name ? fresh : each, value]), `name:${pathText([...path, fresh])}`);
  };
  const free = () => {
    for (let number = 1; ; number += 1) {
      const name = number === 1 ? wish : `${wish}_${number}`;
      if (!entries.some(([taken]) => taken === name)) return name;
    }
  };
  const addOne = () => {
    const name = free();
    put([...entries, [name, make()]], `name:${pathText([...path, name])}`);
  };
  return element(
    "fieldset",
    { class: "form-list", "data-path": pathText(path) },
    element("legend", {}, label),
    hint ? element("small", {}, hint) : null,
    element("p", { class: "form-problem", hidden: true }),
    entries.map(([name]) => {
      const named = element("input", { type: "text", "aria-label": `Name of ${item}`, value: name, "data-focus": `name:${pathText([...path, name])}`, autocomplete: "off", spellcheck: "false", change: () => rename(name, named.value.trim()) });
      return element(
        "div",
        { class: "form-item", "data-path": pathText([...path, name]), role: "group", "aria-label": `${item} ${name}` },
        row(element("label", { class: "form-field" }, element("span", {}, "Name"), named), build([...path, name])),
        element("p", { class: "form-problem", hidden: true }),
        element("button", { type: "button", class: "link", click: () => put(entries.filter(([each]) => each !== name), key) }, `Remove ${item} ${name}`),
      );
    }),
    element("button", { type: "button", class: "button small", "data-focus": key, click: addOne }, add),
  );
}

/** Values that a message, an event or another system is given. */
export function variablesPart(form, path, options) {
  return namedPart(form, path, { wish: "value", make: () => ({ kind: "attribute", name: "" }), ...options }, (at) => [variableKind(form, at), variableValue(form, at)]);
}

function variableKind(form, path) {
  const blank = { attribute: () => ({ kind: "attribute", name: "" }), entry: () => ({ kind: "entry", name: "" }), literal: () => ({ kind: "literal", value: "" }) };
  const chosen = (kind) => form.change((document) => withValue(document, path, blank[kind]()));
  return choiceField(form, [...path, "kind"], { label: "Comes from", choices: [["attribute", "the customer's attribute"], ["entry", "the entry event's field"], ["literal", "a fixed value"]], chosen });
}

function variableValue(form, path) {
  if (form.get(path)?.kind === "literal") return scalarField(form, [...path, "value"], { label: "Value" });
  const name = [...path, "name"];
  return form.get(path)?.kind === "entry" ? eventPartField(form, name, { label: "Field", isRequired: true }) : textField(form, name, { label: "Attribute", isRequired: true });
}

const READ = { text: (text) => text, number: (text) => (text.trim() !== "" && Number.isFinite(Number(text)) ? Number(text) : text), yes: (text) => text === "true" };
const kindOf = (value) => (typeof value === "boolean" ? "yes" : typeof value === "number" ? "number" : "text");

/** A text, a number, or yes or no; with `isList` several of them, separated by commas. */
export function scalarField(form, path, { isList = false, ...options }) {
  const value = form.get(path);
  const kind = kindOf(isList ? listAt(value)[0] : value);
  const write = (as, text) => (isList ? text.split(",").map((part) => READ[as](part.trim())).filter((part) => part !== "") : READ[as](text));
  const shown = isList ? listAt(value).join(", ") : String(value ?? "");
  const blank = { text: isList ? [] : "", number: isList ? [] : 0, yes: isList ? [] : true };
  const kinds = element(
    "select",
    { "aria-label": `${options.label}: what it is`, "data-focus": `kind:${pathText(path)}`, change: () => form.change((document) => withValue(document, path, kinds.value === "yes" || shown === "" ? blank[kinds.value] : write(kinds.value, shown)), `kind:${pathText(path)}`) },
    [["text", "text"], ["number", "number"], ...(isList ? [] : [["yes", "yes or no"]])].map(([choice, name]) => element("option", { value: choice, selected: choice === kind }, name)),
  );
  if (kind === "yes") {
    const node = yesNoField(form, path, options);
    node.querySelector("select").after(kinds);
    return node;
  }
  const node = textField({ ...form, get: () => shown, set: (at, text) => form.set(at, write(kind, text ?? "")) }, path, { isRequired: true, ...options });
  node.querySelector("input").after(kinds);
  return node;
}
