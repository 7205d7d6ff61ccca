// A question before something that customers will feel.

import { element } from "/dashboard/element.js";
import { allCheck, Field } from "/dashboard/field.js";

const MOST_CHARS = 2_000; // of a reason

/**
 * Asks in a modal dialog. `points` are sentences beneath the text; `soon` is a promise of one more, shown when it is
 * known: the question does not wait for it. `options` ({value, label, note}) are offered as a choice, the first one
 * chosen. `reason` ({label, isRequired}) asks for a sentence. `details` is an element with more to read.
 * Resolves to the chosen value, the sentence, or true; and to null when it was called off.
 */
export function confirmed({ title, text, points = [], soon = null, verb, no = "Cancel", isGrave = false, options = [], reason = null, details = null }) {
  return new Promise((resolve) => {
    const choices = options.map(({ value, label, note }, index) =>
      element(
        "label",
        { class: "choice" },
        element("input", { type: "radio", name: "choice", value, checked: index === 0 }),
        element("span", {}, label, note ? element("small", {}, note) : null),
      ),
    );
    const sentence = reason && new Field({ id: "confirmation-reason", label: reason.label, input: element("textarea", { rows: 3, maxlength: MOST_CHARS, required: reason.isRequired }) });
    const later = soon && element("p", { role: "status" });
    soon?.then((told) => (later.textContent = told));
    const agree = () => (sentence === null || allCheck([sentence])) && dialog.close("yes");
    const dialog = element(
      "dialog",
      { class: "confirmation", "aria-labelledby": "confirmation-title", "aria-describedby": "confirmation-text" },
      element("h2", { id: "confirmation-title" }, title),
      element("div", { id: "confirmation-text" }, element("p", {}, text), points.length > 0 ? element("ul", {}, points.map((point) => element("li", {}, point))) : null, later),
      details,
      choices.length > 0 ? element("fieldset", {}, element("legend", { class: "unseen" }, "How"), choices) : null,
      sentence?.node,
      element(
        "div",
        { class: "actions" },
        element("button", { type: "button", class: "button", click: () => dialog.close("no") }, no),
        element("button", { type: "button", class: isGrave ? "button grave" : "button primary", click: agree }, verb),
      ),
    );
    dialog.addEventListener("close", () => {
      const chosen = sentence ? sentence.value : (dialog.querySelector("input:checked")?.value ?? true);
      dialog.remove();
      resolve(dialog.returnValue === "yes" ? chosen : null);
    });
    document.body.append(dialog);
    dialog.showModal();
  });
}
