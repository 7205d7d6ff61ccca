// One document as a form and as a text: what is written in the one is shown in the other.

import { readText } from "/dashboard/editor-text.js";
import { element } from "/dashboard/element.js";

export class Views {
  text = "";
  read = { value: undefined, places: new Map(), problem: null }; // of the text; of a text with a problem what was read last
  #form;
  #textView;
  #shown;

  /** `shown(view)` is told which one is to be seen from now on, "form" or "text". */
  constructor(form, textView, shown) {
    this.#form = form;
    this.#textView = textView;
    this.#shown = shown;
    textView.node.hidden = true;
    this.node = element("div", { class: "panel editor-document" }, form.node, textView.node);
  }

  get isReadable() {
    return this.read.problem === null;
  }

  /** Takes a new text; the view it comes from is not drawn anew. */
  take(text, from) {
    this.text = text;
    const read = readText(text);
    const isReadable = read.problem === null;
    this.read = isReadable ? read : { ...this.read, problem: read.problem };
    if (from !== "text") this.#textView.show(text);
    if (from !== "form" && isReadable) this.#form.show(read.value);
    this.#textView.tell(read.problem);
  }

  show(view) {
    const isForm = view === "form";
    this.#form.node.hidden = !isForm;
    this.#textView.node.hidden = isForm;
    this.#shown(view);
  }

  /** To a place of the document: in the form where it is seen and has the place, else in the text. */
  lead(path) {
    if (!this.#form.node.hidden && this.#form.lead(path)) return;
    this.show("text");
    this.#textView.lead(path, this.read.places);
  }
}
