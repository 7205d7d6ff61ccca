// How one gets in: by the provider, where there is one, or with a key.

import { readAddress, writeAddress } from "/dashboard/address.js";
import { Client } from "/dashboard/client.js";
import { KeyCredential, readOffer } from "/dashboard/credential.js";
import { element } from "/dashboard/element.js";
import { ConnectionLost, explain, Problem } from "/dashboard/problem.js";

export class SignIn {
  #accepted;
  #key = element("input", {
    id: "key", type: "password", name: "key", required: true, autocomplete: "off", spellcheck: "false", placeholder: "jo_…",
    "aria-describedby": "key-about key-failure",
  });
  #failure = element("p", { id: "key-failure", class: "failed", role: "alert" });
  #button = element("button", { type: "submit", class: "button primary" }, "Sign in");
  #about = element("p", { id: "key-about" }, "With the API key of your workspace. It is kept in this tab only and forgotten when you close it.");
  #provider = element("div", { class: "provider", hidden: true });

  /** `accepted(key)` is called with a key the API takes; `failure` is shown first, if there is one. */
  constructor(accepted, failure = "") {
    this.#accepted = accepted;
    this.#failure.textContent = failure;
    document.title = "Sign in · Journeys";
    this.node = element(
      "section",
      { class: "panel sign-in", "aria-labelledby": "sign-in-title" },
      element("h1", { id: "sign-in-title" }, "Sign in"),
      this.#failure,
      this.#provider,
      this.#about,
      element("form", { submit: (event) => this.#submit(event) }, element("label", { for: "key" }, "API key"), this.#key, this.#button),
    );
    this.#offer();
  }

  focus() {
    this.#key.focus();
  }

  /** Shows the way by the provider above the form, when the server says that there is one. */
  async #offer() {
    let offer;
    try {
      offer = await readOffer();
    } catch (error) {
      // A key will do; a server that is not there at all is told when one is tried.
      if (error instanceof Problem && error.status === 503) this.#tellAway();
      else if (!(error instanceof Problem || error instanceof ConnectionLost)) throw error;
      return;
    }
    if (offer.provider === null) return;
    const button = element("button", { type: "button", class: "button primary", click: () => this.#leave(offer.provider) }, `Sign in with ${offer.provider.name}`);
    this.#provider.replaceChildren(button);
    this.#provider.hidden = false;
    this.#button.classList.remove("primary");
    this.#about.textContent = "Or with an API key. Either is kept in this tab only and forgotten when you close it.";
    if (document.activeElement === this.#key && this.#key.value === "") button.focus();
  }

  #tellAway() {
    const again = element("button", { type: "button", class: "link", click: () => this.#offer() }, "Try again");
    this.#provider.replaceChildren(element("p", {}, "Your company’s sign-in cannot be reached from the server now. ", again));
    this.#provider.hidden = false;
  }

  async #leave(provider) {
    const { leaveFor } = await import("/dashboard/authorisation.js");
    this.#failure.textContent = await leaveFor(provider, writeAddress(readAddress()));
  }

  async #submit(event) {
    event.preventDefault();
    const key = this.#key.value.trim();
    this.#button.disabled = true;
    this.#failure.textContent = "";
    try {
      await new Client(new KeyCredential(key)).workspace();
      this.#accepted(key);
    } catch (error) {
      this.#failure.textContent = explain(error);
      this.#key.select();
    } finally {
      this.#button.disabled = false;
    }
  }
}
