// The form that asks for a key.

import { Client } from "/dashboard/client.js";
import { element } from "/dashboard/element.js";
import { explain } from "/dashboard/problem.js";

export class SignIn {
  #accepted;
  #key = element("input", {
    id: "key", type: "password", name: "key", required: true, autocomplete: "off", spellcheck: "false", placeholder: "jo_…",
    "aria-describedby": "key-about key-failure",
  });
  #failure = element("p", { id: "key-failure", class: "failed", role: "alert" });
  #button = element("button", { type: "submit", class: "button primary" }, "Sign in");

  /** `accepted(key)` is called with a key the API takes; `failure` is shown first, if there is one. */
  constructor(accepted, failure = "") {
    this.#accepted = accepted;
    this.#failure.textContent = failure;
    document.title = "Sign in · Journeys";
    this.node = element(
      "section",
      { class: "panel sign-in", "aria-labelledby": "sign-in-title" },
      element("h1", { id: "sign-in-title" }, "Sign in"),
      element("p", { id: "key-about" }, "With the API key of your workspace. It is kept in this tab only and forgotten when you close it."),
      element(
        "form",
        { submit: (event) => this.#submit(event) },
        element("label", { for: "key" }, "API key"),
        this.#key,
        this.#button,
        this.#failure,
      ),
    );
  }

  focus() {
    this.#key.focus();
  }

  async #submit(event) {
    event.preventDefault();
    const key = this.#key.value.trim();
    this.#button.disabled = true;
    this.#failure.textContent = "";
    try {
      await new Client(key).workspace();
      this.#accepted(key);
    } catch (error) {
      this.#failure.textContent = explain(error);
      this.#key.select();
    } finally {
      this.#button.disabled = false;
    }
  }
}
