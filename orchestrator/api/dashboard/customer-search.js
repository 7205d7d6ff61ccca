// The way to one customer's story, from wherever one is in a journey.

import { element } from "/dashboard/element.js";

const MOST_CHARS = 512; // of a customer id

export class CustomerSearch {
  #input = element("input", { id: "customer-search", type: "search", placeholder: "Customer id", maxlength: MOST_CHARS, autocomplete: "off", spellcheck: "false" });

  /** `tell(customer)` shows why the customer got what they got. */
  constructor(tell) {
    const submit = (event) => {
      event.preventDefault();
      const customer = this.#input.value.trim();
      if (customer === "") this.#input.focus();
      else tell(customer);
    };
    this.node = element(
      "form",
      { class: "customer-search", role: "search", "aria-label": "One customer's story", novalidate: true, submit },
      element("label", { for: "customer-search" }, "What did one customer get, and why?"),
      this.#input,
      element("button", { type: "submit", class: "button small" }, "Tell"),
    );
  }
}
