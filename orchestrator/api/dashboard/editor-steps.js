// The steps in the form: one card each, closed to a sentence, with ways to add, order and remove.

import { freeId, isNamedByKind, neighbourOf, STEP_NAMES, withKind, withoutStep, withStepAfter, withStepRenamed, withStepsSwapped } from "/dashboard/editor-document.js";
import { choiceField, stepField } from "/dashboard/editor-fields.js";
import { stepFields } from "/dashboard/editor-step-fields.js";
import { pathText } from "/dashboard/editor-text.js";
import { element } from "/dashboard/element.js";
import { objectAt, STEP_KINDS, stepWords } from "/dashboard/picture-words.js";

const KINDS = Object.entries(STEP_KINDS).map(([kind, { name }]) => [kind, name]);

export function stepsPart(form) {
  const steps = form.steps();
  return element(
    "div",
    { class: "form-steps", "data-path": "$.steps" },
    element("p", { class: "form-problem", hidden: true }),
    element("div", { class: "form-row" }, stepField(form, ["start"], { label: "Everybody begins at" })),
    withUndo(form, steps.map((step, at) => card(form, step, at, steps.length))),
    steps.length === 0 ? element("button", { type: "button", class: "button", click: () => form.change((document) => ({ ...document, start: "done", steps: { done: { kind: "exit" } } })) }, "Add the first step") : null,
  );
}

/** The cards, with a way back where one has just been removed. */
function withUndo(form, cards) {
  const removed = form.removed();
  if (removed === null) return cards;
  const undo = element("button", { type: "button", class: "button small", "data-focus": `undo:${removed.step}`, click: () => form.takeBack() }, "Undo");
  return cards.toSpliced(removed.at, 0, element("p", { class: "form-undo", role: "status" }, `The step “${removed.step}” is removed.`, undo));
}

function card(form, step, at, all) {
  const path = ["steps", step];
  const body = element("div", { class: "step-body" });
  const build = () => body.childElementCount === 0 && body.append(...bodyOf(form, step, all));
  const node = element(
    "details",
    { class: "step-card", "data-path": pathText(path), "data-kind": String(objectAt(form.get(path)).kind ?? ""), open: form.isOpen(step), toggle: () => (form.setOpen(step, node.open), node.open && build(), form.tell()) },
    element(
      "summary",
      { "data-focus": `card:${step}` },
      element("span", { class: "step-number" }, `${at + 1}.`),
      form.live(element("span", { class: "step-words" }), () => stepWords(form.get(path))),
      element("span", { class: "step-id" }, step),
      element("span", { class: "step-problems", hidden: true }),
    ),
    element("p", { class: "form-problem", hidden: true }),
    body,
  );
  if (form.isOpen(step)) build();
  else form.whenNeeded(path, build);
  return node;
}

function bodyOf(form, step, all) {
  const path = ["steps", step];
  const kind = choiceField(form, [...path, "kind"], { label: "What happens here", choices: KINDS, chosen: (chosen) => become(form, step, chosen) });
  return [element("div", { class: "form-row" }, nameField(form, step), kind), ...stepFields(form, path), footer(form, step, all)];
}

/** Makes a step one of another kind; a name that only said what it did before follows. */
function become(form, step, kind) {
  return form.change((document) => {
    const made = withKind(document, step, kind);
    if (!isNamedByKind(document, step)) return made;
    const id = freeId(made, STEP_NAMES[kind]);
    form.setOpen(step, false);
    form.setOpen(id, true);
    form.focusLater(pathText(["steps", id, "kind"]));
    return withStepRenamed(made, step, id);
  });
}

/** The step's id; whatever leads to it follows when it changes. */
function nameField(form, step) {
  const rename = () => {
    const id = control.value.trim();
    const isTaken = id !== step && form.steps().includes(id);
    control.setCustomValidity(isTaken ? "Another step is called so." : "");
    if (isTaken || id === "") return control.reportValidity();
    form.setOpen(step, false);
    form.setOpen(id, true);
    return form.change((document) => withStepRenamed(document, step, id), `id:${id}`);
  };
  const control = element("input", { type: "text", value: step, "data-focus": `id:${step}`, autocomplete: "off", spellcheck: "false", required: true, change: rename });
  return element("label", { class: "form-field" }, element("span", {}, "Name of the step"), control, element("small", {}, "Small letters, digits, - and _."));
}

function footer(form, step, all) {
  const isEnd = objectAt(form.get(["steps", step])).kind === "exit";
  const kinds = element("select", { "aria-label": `Kind of the new step ${isEnd ? "before" : "after"} ${step}`, "data-focus": `kind-after:${step}` }, KINDS.map(([kind, name]) => element("option", { value: kind }, name)));
  const add = () => form.change((document) => {
    const [after, id] = withStepAfter(document, step, kinds.value);
    form.setOpen(id, true);
    form.focusLater(`id:${id}`);
    return after;
  });
  const swap = (isBefore, key) =>
    form.change((document) => {
      const other = neighbourOf(document, step, isBefore);
      if (other === undefined) return document;
      return isBefore ? withStepsSwapped(document, other, step) : withStepsSwapped(document, step, other);
    }, key);
  const button = (text, key, click, options = {}) => element("button", { type: "button", class: "button small", "data-focus": key, "aria-label": `${text} ${step}`, click, ...options }, text);
  return element(
    "div",
    { class: "step-footer" },
    element("span", { class: "form-pair" }, kinds, element("button", { type: "button", class: "button small", "data-focus": `after:${step}`, "aria-label": `Add a step ${isEnd ? "before" : "after"} ${step}`, click: add }, isEnd ? "Add before this step" : "Add after this step")),
    element(
      "span",
      { class: "actions" },
      button("Move earlier", `earlier:${step}`, () => swap(true, `earlier:${step}`), { disabled: form.neighbour(step, true) === undefined }),
      button("Move later", `later:${step}`, () => swap(false, `later:${step}`), { disabled: form.neighbour(step, false) === undefined }),
      button("Remove", `remove:${step}`, () => form.removeStep(step, (document) => withoutStep(document, step)), { disabled: all === 1 }),
    ),
  );
}
