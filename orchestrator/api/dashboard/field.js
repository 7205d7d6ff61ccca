// A form's field: its name, what to enter, and beside it what is wrong with what was entered.

import { element } from "/dashboard/element.js";
import { explain, sentence } from "/dashboard/problem.js";

export class Field {
  #problem;

  /** `input` is the control; `note` says what to enter. */
  constructor({ id, label, note = "", input }) {
    this.input = input;
    input.id = id;
    this.#problem = element("p", { id: `${id}-problem`, class: "failed problem", role: "alert" });
    const about = note ? element("small", { id: `${id}-note` }, note) : null;
    input.setAttribute("aria-describedby", note ? `${id}-note ${id}-problem` : `${id}-problem`);
    input.addEventListener("input", () => this.say(""));
    this.node = element(
      "div",
      { class: "field" },
      element("label", { for: id }, label),
      input,
      about,
      this.#problem,
    );
  }

  get value() {
    return this.input.value.trim();
  }

  /** Tells what is wrong; empty: nothing. */
  say(text) {
    this.#problem.textContent = text;
    if (text) this.input.setAttribute("aria-invalid", "true");
    else this.input.removeAttribute("aria-invalid");
  }

  /** Whether the browser has nothing against the value; tells what it has. */
  check() {
    this.say(this.input.validationMessage);
    return this.input.validity.valid;
  }
}

/** Whether all fields may be sent; the first that may not gets the focus. */
export function allCheck(fields) {
  const wrong = fields.filter((field) => !field.check());
  wrong[0]?.input.focus();
  return wrong.length === 0;
}

/**
 * Tells each problem of a refusal beside its field, `fields` being by their path in the body ("costs.email"), and the
 * rest in `place`.
 */
export function tellProblems(error, fields, place) {
  const left = [];
  let first = null;
  for (const { path, detail, fix } of error.body?.errors ?? []) {
    const name = path.replace(/^\$\./, "");
    const field = fields[name] ?? fields[Object.keys(fields).find((key) => name.startsWith(`${key}.`))];
    const text = `${sentence(detail)} ${sentence(fix)}`.trim();
    if (!field) left.push(text);
    else {
      field.say(text);
      first ??= field;
    }
  }
  first?.input.focus();
  place.textContent = first && left.length === 0 ? "" : left.join(" ") || explain(error);
}
