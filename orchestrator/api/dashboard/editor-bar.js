// The editor's head: what is edited, in which view, and what may be done with it now, or why not.

import { element } from "/dashboard/element.js";

const CHANGEABLE = ["DRAFT", "ACTIVE", "PAUSED"];

/** Whether a journey (null: a new one) may be changed with the key of `workspace`. */
export function mayChange(workspace, journey) {
  return workspace !== null && workspace.role !== "viewer" && CHANGEABLE.includes(journey?.status ?? "DRAFT");
}

export class EditorBar {
  #title;
  #state = element("p", { class: "editor-state", role: "status", "aria-live": "polite" });
  #views;
  #backtest;
  #save;
  #publish;
  #copy;
  #why = element("p", { class: "footnote", id: "editor-why" });

  /** `acts` are view(name), cancel(), copy(), backtest(), save() and publish(); `isPage`: nothing else heads the page. */
  constructor(acts, isPage) {
    this.#title = element(isPage ? "h1" : "h2", { id: "editor-title" });
    this.#views = [["form", "Form"], ["text", "JSON"]].map(([view, name]) =>
      element("button", { type: "button", class: "segment", "data-view": view, "aria-pressed": String(view === "form"), click: () => acts.view(view) }, name),
    );
    this.#backtest = element("button", { type: "button", class: "button", click: acts.backtest }, "Backtest…");
    this.#save = element("button", { type: "button", class: "button", click: acts.save }, "Save draft");
    this.#publish = element("button", { type: "button", class: "button primary", "aria-describedby": "editor-why", click: acts.publish }, "Publish…");
    this.#copy = element("button", { type: "button", class: "button small", hidden: true, click: acts.copy }, "Copy into a new journey");
    this.node = element(
      "header",
      { class: "editor-bar" },
      element("div", { class: "editor-what" }, this.#title, this.#state),
      element("div", { class: "segments", role: "group", "aria-label": "Shown as" }, this.#views),
      element("div", { class: "actions" }, element("button", { type: "button", class: "button", click: acts.cancel }, "Cancel"), this.#backtest, this.#save, this.#publish),
      element("div", { class: "editor-why" }, this.#why, this.#copy),
    );
    new ResizeObserver(() => this.node.parentElement?.style.setProperty("--bar", `${this.node.offsetHeight}px`)).observe(this.node);
  }

  set title(text) {
    this.#title.textContent = text;
  }

  showView(view) {
    for (const button of this.#views) button.setAttribute("aria-pressed", String(button.dataset.view === view));
  }

  /** `checked` is the answer of the check to the document as it is, null while it is awaited. */
  show({ workspace, journey, isReadable, isDirty, isBusy, checked }) {
    const isOpen = mayChange(workspace, journey);
    const isDraft = journey === null || journey.status === "DRAFT";
    const isSound = isReadable && (checked?.isSound ?? false);
    say(this.#state, stateWords({ journey, isReadable, isDirty, isBusy }));
    this.#save.hidden = !isDraft || !isOpen;
    this.#publish.hidden = !isOpen;
    this.#copy.hidden = workspace === null || workspace.role === "viewer" || isOpen;
    this.#backtest.hidden = !isOpen;
    this.#backtest.disabled = isBusy || !isReadable;
    this.#publish.textContent = isDraft ? "Publish…" : `Publish version ${journey.version + 1}…`;
    this.#save.disabled = isBusy || !isSound || (journey !== null && !isDirty);
    this.#publish.disabled = isBusy || !isSound || (!isDraft && !isDirty);
    say(this.#why, whyNot({ workspace, journey, isOpen, isDraft, isDirty, isReadable, checked }));
  }
}

function say(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

function stateWords({ journey, isReadable, isDirty, isBusy }) {
  if (isBusy) return "Working…";
  if (!isReadable) return "The JSON text cannot be read; the form shows how it was before.";
  if (isDirty) return "Unsaved changes";
  return journey === null ? "Nothing is saved yet" : `As in version ${journey.version}`;
}

function whyNot({ workspace, journey, isOpen, isDraft, isDirty, isReadable, checked }) {
  if (workspace === null) return "";
  if (workspace.role === "viewer") return "Your key is a viewer's: you can look, and not change.";
  if (!isOpen && isDirty) return "The journey has been stopped meanwhile, so your changes cannot be saved in it: take them along from the JSON view. To go on from what was published:";
  if (!isOpen) return "A stopped or archived journey keeps its definition. To go on from it:";
  if (!isReadable) return "Mend the JSON text first.";
  if (checked && !checked.isSound) return `Mend the problems first: then it can be ${isDraft ? "saved and published" : "published"}. Until then what you have written is kept in this browser tab.`;
  if (!isDraft && !isDirty) return "Change something to publish another version.";
  return journey === null ? "A draft is kept and reaches nobody. Publishing lets customers in." : "";
}
