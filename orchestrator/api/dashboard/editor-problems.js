// What the check says, as a list that leads to each place.

import { isWithin } from "/dashboard/editor-problem-words.js";
import { element } from "/dashboard/element.js";
import { counted } from "/dashboard/format.js";

/** Of `places` (nodes by path) the one nearest to a path: its own, or of what it lies in; never the whole document. */
export function nearest(places, path) {
  let found = null;
  let longest = 0;
  for (const [own, node] of places) if (own.length > longest && isWithin(path, own)) [found, longest] = [node, own.length];
  return found;
}

/** A place that the form has no name for: "$.tests[0].given" as "Tests 1 › given". */
export function placeWords(path, whole = "The whole journey") {
  const text = path.replace(/^\$\.?/, "").replaceAll(/\[(\d+)\]/g, (_, at) => `.${Number(at) + 1}`);
  if (text === "") return whole;
  const words = text.replace(/^steps\.([^.]+)/, "step $1").split(".").join(" › ").replaceAll("_", " ").replaceAll(/ › (\d+)/g, " $1");
  return words.charAt(0).toUpperCase() + words.slice(1);
}

export class ProblemList {
  #lead;
  #done;
  #whole;
  #nameOf;
  #shown = "";
  #state = element("p", { class: "check-state", role: "status", "aria-live": "polite" });
  #problems = element("ul", { class: "check-list" });
  #warnings = element("ul", { class: "check-list" });
  #about = element("p", { class: "footnote", hidden: true });
  #note = element("p", { class: "footnote" });
  node = element("section", { class: "panel checks", "aria-labelledby": "checks-title" }, element("h3", { id: "checks-title" }, "Checks"), this.#state, this.#problems, this.#about, this.#warnings, this.#note);

  /**
   * `lead(path)` brings the reader to a place; `done` is what a sound document can be, `whole` what it is called;
   * `nameOf(path)` is what the form calls a place, or null.
   */
  constructor(lead, { done = "published", whole = "The whole journey", nameOf = () => null } = {}) {
    this.#nameOf = nameOf;
    this.#lead = lead;
    this.#done = done;
    this.#whole = whole;
    this.#about.textContent = `Warnings keep nothing from being ${done}:`;
  }

  /** Says how the document stands; `checked` null: the answer is awaited. */
  tell(isReadable, checked) {
    if (!isReadable) return this.#say("Not checked: the text is no JSON.", "bad");
    if (checked === null) return this.#say("Checking…", "quiet");
    const { isSound, problems, warnings, failure } = checked;
    if (failure && problems.length === 0) return this.#say(failure, "bad");
    if (!isSound) return this.#say(`${counted(problems.length, "problem")} to mend before it can be ${this.#done}.`, "bad");
    return this.#say(warnings.length > 0 ? `It can be ${this.#done}. ${counted(warnings.length, "warning")}.` : `It can be ${this.#done}.`, "good");
  }

  /** Shows problems and warnings, each {path, words}; `note` is what else there is to say. */
  show(problems, warnings, note = "") {
    if (this.#note.textContent !== note) this.#note.textContent = note;
    const placed = (list) => list.map((problem) => ({ ...problem, place: this.#nameOf(problem.path) ?? placeWords(problem.path, this.#whole) }));
    const lists = [placed(problems), placed(warnings)];
    const shown = JSON.stringify(lists);
    if (shown === this.#shown) return;
    this.#shown = shown;
    [this.#problems, this.#warnings].forEach((list, at) => list.replaceChildren(...lists[at].map((problem) => this.#item(problem))));
    this.#problems.hidden = problems.length === 0;
    this.#warnings.hidden = this.#about.hidden = warnings.length === 0;
  }

  #say(text, tone) {
    this.#state.dataset.tone = tone;
    if (this.#state.textContent !== text) this.#state.textContent = text;
  }

  #item({ path, place, words }) {
    return element("li", {}, element("button", { type: "button", class: "link", click: () => this.#lead(path) }, place), ` ${words}`);
  }
}
