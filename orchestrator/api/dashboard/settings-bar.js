// The head of the settings' editor: how the document stands, in which view it is shown, and what may be done with it.

import { element } from "/dashboard/element.js";

export class SettingsBar {
  #state = element("p", { class: "editor-state", role: "status", "aria-live": "polite" });
  #why = element("p", { class: "footnote", id: "settings-why" });
  #views;
  #undo;
  #save;

  /** `acts` are view(name), undo() and save(). */
  constructor(acts) {
    this.#views = [["form", "Form"], ["text", "JSON"]].map(([view, name]) =>
      element("button", { type: "button", class: "segment", "data-view": view, "aria-pressed": String(view === "form"), click: () => acts.view(view) }, name),
    );
    this.#undo = element("button", { type: "button", class: "button", click: acts.undo }, "Undo changes");
    this.#save = element("button", { type: "button", class: "button primary", "aria-describedby": "settings-why", click: acts.save }, "Save…");
    this.node = element(
      "header",
      { class: "editor-bar" },
      element("div", { class: "editor-what" }, element("h2", { id: "whole-title" }, "For every journey"), this.#state),
      element("div", { class: "segments", role: "group", "aria-label": "Shown as" }, this.#views),
      element("div", { class: "actions" }, this.#undo, this.#save),
      this.#why,
    );
  }

  showView(view) {
    for (const button of this.#views) button.setAttribute("aria-pressed", String(button.dataset.view === view));
  }

  /** `checked` is the answer of the check to the document as it is, null while it is awaited. */
  show({ isReadable, isDirty, isBusy, isContested, checked }) {
    say(this.#state, stateWords({ isReadable, isDirty, isBusy }));
    say(this.#why, whyNot({ isReadable, isContested, checked }));
    this.#undo.disabled = isBusy || !isDirty;
    this.#save.disabled = isBusy || !isReadable || !isDirty || isContested || !(checked?.isSound ?? false);
  }
}

function say(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

function stateWords({ isReadable, isDirty, isBusy }) {
  if (isBusy) return "Working…";
  if (!isReadable) return "The JSON text cannot be read; the form shows how it was before.";
  return isDirty ? "Unsaved changes" : "As it holds";
}

function whyNot({ isReadable, isContested, checked }) {
  if (isContested) return "Somebody else has changed the same: decide above whose settings go on.";
  if (!isReadable) return "Mend the JSON text first.";
  if (checked && !checked.isSound) return "Mend the problems first: then it can be saved.";
  return "";
}
