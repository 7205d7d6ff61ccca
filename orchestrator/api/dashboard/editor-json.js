// The document as text, with the line and column of what cannot be read.

import { element } from "/dashboard/element.js";

export class TextView {
  #area;
  #problem = element("p", { class: "failed", id: "editor-text-problem", role: "status", "aria-live": "polite" });
  #find = element("button", { type: "button", class: "link", hidden: true, click: () => this.select(this.#offset) }, "Go there");
  #offset = 0;

  /** `changed(text)` hears of what is typed; `label` names the document. */
  constructor(changed, label = "Definition as JSON") {
    this.#area = element("textarea", { id: "editor-text", class: "editor-text", spellcheck: "false", autocomplete: "off", autocapitalize: "off", wrap: "off", "aria-describedby": "editor-text-problem", input: () => changed(this.#area.value) });
    this.node = element("div", { class: "text-view" }, element("label", { for: "editor-text" }, label), this.#problem, this.#find, this.#area);
  }

  show(text) {
    if (this.#area.value !== text) this.#area.value = text;
  }

  set isReadOnly(isReadOnly) {
    this.#area.readOnly = isReadOnly;
  }

  /** Tells where the text cannot be read; null: it can. */
  tell(problem) {
    this.#find.hidden = problem === null;
    this.#offset = problem?.offset ?? 0;
    this.#problem.textContent = problem === null ? "" : `Line ${problem.line}, column ${problem.column}: ${problem.message}.`;
    if (problem === null) this.#area.removeAttribute("aria-invalid");
    else this.#area.setAttribute("aria-invalid", "true");
  }

  /** Puts the cursor where a path stands, or what it lies in; `places` are the offsets of all paths. */
  lead(path, places) {
    let place = path;
    while (!places.has(place) && place !== "$") place = place.replace(/(\.[^.[]*|\[\d+\])$/, "") || "$";
    this.select(places.get(place) ?? 0);
  }

  /** Puts the cursor at an offset, and the line into sight. */
  select(offset) {
    this.#area.focus();
    this.#area.setSelectionRange(offset, offset);
    const line = this.#area.value.slice(0, offset).split("\n").length - 1;
    const height = parseFloat(getComputedStyle(this.#area).lineHeight) || 20;
    this.#area.scrollTop = Math.max(0, line * height - this.#area.clientHeight / 3);
  }
}
