// The secret of a key that was just made: shown this once.

import { element } from "/dashboard/element.js";

export class SecretOnce {
  #field;
  #said = element("span", { class: "soft", role: "status" });
  #copy = element("button", { type: "button", class: "button primary", click: () => this.#copyIt() }, "Copy");

  /** `close()` takes it away. */
  constructor({ name, secret }, close) {
    this.#field = element("input", { id: "secret", class: "secret", readonly: true, value: secret, spellcheck: "false", autocomplete: "off" });
    this.node = element(
      "section",
      { class: "verdict", "data-tone": "warning", "aria-labelledby": "secret-title" },
      element("h2", { id: "secret-title" }, `The key “${name}”`),
      element("p", {}, element("label", { for: "secret" }, "Copy it now and keep it safe: it is shown this once and cannot be read again.")),
      element("div", { class: "actions" }, this.#field, this.#copy, element("button", { type: "button", class: "button", click: close }, "I have it"), this.#said),
    );
  }

  focus() {
    this.#copy.focus();
  }

  async #copyIt() {
    try {
      await navigator.clipboard.writeText(this.#field.value);
      this.#said.textContent = "Copied.";
    } catch {
      // The browser gives the clipboard to pages over HTTPS alone, and asks.
      this.#field.select();
      this.#said.textContent = "Selected: copy it with the keyboard.";
    }
  }
}
