// The form: all of a document in fields. The document is the truth; the form shows it and says what it becomes.

import { eventAt, fieldsToOffer, typesToOffer } from "/dashboard/editor-arrivals.js";
import { freeId, neighbourOf, STEP_NAMES, valueAt, withValue } from "/dashboard/editor-document.js";
import { isWithin } from "/dashboard/editor-problem-words.js";
import { nearest } from "/dashboard/editor-problems.js";
import { pathText } from "/dashboard/editor-text.js";
import { element } from "/dashboard/element.js";
import { objectAt } from "/dashboard/picture-words.js";

export class Form {
  #document = {};
  #sections;
  #changed;
  #open = new Set(); // ids of step cards, paths of the others
  #live = []; // [node, text()]: sentences that follow what is typed
  #focusKey = null;
  #problems = [];
  #unbuilt = new Map(); // by path: what builds the fields of a closed card
  #undo = null; // the step removed last, while nothing else has changed: {step, at, document}
  #remembered = new Map(); // what was written before another kind was chosen
  #form;
  node = element("fieldset", { class: "editor-form" });

  /**
   * `sections` ({name, title, paths, build(form), isOpen(form)}) are open at first unless they say otherwise;
   * `changed(document)` hears of every change; `seen()` is what the API knows of events that come in, or null.
   */
  constructor({ sections, changed, seen = () => null }) {
    this.#sections = sections;
    this.#changed = changed;
    this.#form = {
      get: (path) => valueAt(this.#document, path) ?? undefined,
      set: (path, value) => this.#set(withValue(this.#document, path, value)),
      change: (make, focusKey) => this.#change(make, focusKey),
      steps: () => Object.keys(objectAt(this.#document.steps)),
      sends: () => Object.entries(objectAt(this.#document.steps)).filter(([, step]) => step?.kind === "send").map(([id]) => id),
      segments: () => Object.keys(objectAt(this.#document.segments)),
      eventTypes: () => typesToOffer(seen()),
      eventFields: (path) => fieldsToOffer(seen(), eventAt(this.#document, path)),
      neighbour: (step, isBefore) => neighbourOf(this.#document, step, isBefore),
      addStepAt: (path) => this.#addStepAt(path),
      isOpen: (step) => this.#open.has(step),
      setOpen: (step, isOpen) => (isOpen ? this.#open.add(step) : this.#open.delete(step)),
      live: (node, text) => this.#keepLive(node, text),
      whenNeeded: (path, build) => this.#unbuilt.set(pathText(path), build),
      remembered: this.#remembered,
      removeStep: (step, remove) => this.#removeStep(step, remove),
      removed: () => this.#undo,
      takeBack: () => this.#takeBack(),
      focusLater: (key) => (this.#focusKey = key),
      tell: () => this.#tell(),
    };
  }

  /** Shows a document that came from elsewhere. */
  show(document) {
    this.#document = objectAt(document);
    this.#undo = null;
    this.#remembered.clear();
    this.#render(this.#focused(), true);
  }

  /** What the form calls a place: "Step hello › Template"; null when it has no name for it. */
  nameOf(path) {
    const section = this.#sections.find(({ paths }) => paths.some((own) => isWithin(path, own)));
    if (section === undefined) return null;
    for (const [own, build] of this.#unbuilt) if (isWithin(path, own)) build();
    const isSection = (own) => section.paths.length === 1 && own === section.paths[0] && own !== path; // named by its title
    const around = [...this.#places()].filter(([own]) => isWithin(path, own) && !isSection(own));
    const card = around.findIndex(([, node]) => node.classList.contains("step-card")); // which says enough of where it is
    const names = around.slice(Math.max(0, card)).map(([own, node]) => nameOfPlace(own, node)).filter(Boolean);
    return (card >= 0 ? names : [section.title, ...names]).join(" › ");
  }

  /** Tells problems ({path, words}) beside their fields. */
  showProblems(problems) {
    this.#problems = problems;
    this.#tell();
  }

  get problems() {
    return this.#problems;
  }

  /** Brings the reader to the field of a path; false when the form has no place for it. */
  lead(path) {
    for (const step of this.#form.steps()) {
      if (isWithin(path, pathText(["steps", step]))) this.#openCard(step);
    }
    for (const { dataset } of this.node.querySelectorAll(".test-card")) {
      if (isWithin(path, dataset.path)) this.#openCard(dataset.path, dataset.path);
    }
    const place = nearest(this.#places(), path);
    if (!place) return false;
    for (let node = place; node !== this.node; node = node.parentElement) if (node.tagName === "DETAILS") node.open = true;
    const target = place.querySelector("input:not([type=checkbox]), select, textarea") ?? place.querySelector("input, button, summary") ?? place;
    target.focus();
    target.scrollIntoView({ block: "center" });
    return true;
  }

  openStep(step) {
    this.#openCard(step);
    const card = this.#places().get(pathText(["steps", step]));
    card?.querySelector("summary").focus();
    card?.scrollIntoView({ block: "start" });
  }

  #openCard(key, path = pathText(["steps", key])) {
    this.#open.add(key);
    const card = this.#places().get(path);
    if (!card || card.open) return;
    this.#render(null); // builds its fields at once; opening by itself would build them a moment later
  }

  #set(document) {
    this.#document = document;
    this.#undo = null;
    this.node.querySelector(".form-undo")?.remove();
    for (const [node, text] of this.#live) node.textContent = text();
    this.#changed(document);
  }

  #change(make, focusKey) {
    const focused = this.#focused();
    this.#undo = null;
    this.#document = make(this.#document);
    const wanted = this.#focusKey ?? focusKey ?? focused;
    this.#focusKey = null;
    this.#render(wanted);
    this.#changed(this.#document);
  }

  #removeStep(step, remove) {
    this.#change((document) => {
      this.#undo = { step, at: this.#form.steps().indexOf(step), document };
      return remove(document);
    }, `undo:${step}`);
  }

  #takeBack() {
    const { step, document } = this.#undo;
    this.#change(() => document, `card:${step}`);
  }

  /** The key of the control in the form that has the focus. */
  #focused() {
    const control = document.activeElement?.closest?.("[data-focus]") ?? null;
    return this.node.contains(control) ? control.dataset.focus : null;
  }

  #addStepAt(path) {
    const id = freeId(this.#document, STEP_NAMES.send);
    const end = Object.entries(objectAt(this.#document.steps)).find(([, step]) => step?.kind === "exit")?.[0] ?? "";
    this.#open.add(id);
    this.#change((document) => {
      const before = valueAt(document, path) ?? end;
      const fresh = { kind: "send", channel: "email", template: "", next: before || end };
      return withValue(withValue(document, ["steps", id], fresh), path, id);
    }, `id:${id}`);
  }

  #keepLive(node, text) {
    node.textContent = text();
    this.#live.push([node, text]);
    return node;
  }

  /** `isNew`: the document is another one, so that what is folded away is opened where it is used. */
  #render(focusKey, isNew = false) {
    const isFirst = this.node.childElementCount === 0;
    const wasOpen = new Set([...this.node.querySelectorAll("details[open][data-section]")].map(({ dataset }) => dataset.section));
    const isOpen = ({ name, isOpen: begins = () => true }) => (isFirst ? begins(this.#form) : wasOpen.has(name));
    this.#live = [];
    this.#unbuilt.clear();
    const sections = this.#sections.map((section) =>
      element(
        "details",
        { class: "form-section", "data-section": section.name, open: isOpen(section) },
        element("summary", {}, element("h3", {}, section.title), element("span", { class: "step-problems", hidden: true })),
        element("div", { class: "form-inner" }, section.build(this.#form).flat(Infinity)),
      ),
    );
    this.node.replaceChildren(...sections);
    for (const more of this.node.querySelectorAll("details.form-more")) more.open = wasOpen.has(more.dataset.section) || (isNew && more.dataset.used !== undefined);
    this.#tell();
    if (focusKey) this.#restoreFocus(focusKey);
  }

  #restoreFocus(key) {
    const found = [...this.node.querySelectorAll("[data-focus], [data-path]")].find(({ dataset }) => dataset.focus === key || dataset.path === key);
    const target = found?.matches("input, select, textarea, button, summary") ? found : found?.querySelector("input, select, textarea, button");
    target?.focus();
  }

  #places() {
    const places = new Map();
    for (const node of this.node.querySelectorAll("[data-path]")) if (!places.has(node.dataset.path)) places.set(node.dataset.path, node);
    return places;
  }

  #tell() {
    for (const text of this.node.querySelectorAll(".form-problem")) [text.textContent, text.hidden] = ["", true];
    for (const control of this.node.querySelectorAll("[aria-invalid]")) control.removeAttribute("aria-invalid");
    const places = this.#places();
    for (const problem of this.#problems) {
      const place = nearest(places, problem.path);
      const text = place?.querySelector(":scope > .form-problem");
      if (!text) continue;
      text.textContent = [text.textContent, problem.words].filter(Boolean).join(" ");
      text.hidden = false;
      if (place.classList.contains("form-field")) place.querySelector("input, select, textarea")?.setAttribute("aria-invalid", "true");
    }
    for (const more of this.node.querySelectorAll("details.form-more")) badge(more, more.querySelectorAll(".form-problem:not([hidden])").length);
    for (const card of this.node.querySelectorAll(".step-card")) badge(card, this.#problems.filter(({ path }) => isWithin(path, card.dataset.path)).length);
    this.node.querySelectorAll(".form-section").forEach((section, at) => badge(section, this.#problems.filter(({ path }) => this.#sections[at].paths.some((own) => isWithin(path, own))).length));
  }
}

/** What the form calls the part that is about a path. */
function nameOfPlace(path, node) {
  if (node.classList.contains("test-card")) return `Test ${Number(/\d+/.exec(path)) + 1}`;
  if (node.classList.contains("step-card")) return `Step ${path.slice("$.steps.".length)}`;
  if (node.classList.contains("form-item")) return node.getAttribute("aria-label");
  if (node.classList.contains("form-part")) return node.querySelector(".form-tick > span").firstChild.textContent;
  return node.querySelector(":scope > label, :scope > legend")?.textContent ?? null;
}

function badge(details, number) {
  const node = details.querySelector(":scope > summary > .step-problems");
  node.hidden = number === 0;
  node.textContent = number === 0 ? "" : `${number} ${number === 1 ? "problem" : "problems"}`;
}
