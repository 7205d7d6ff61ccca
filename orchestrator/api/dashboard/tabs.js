// Tabs: the arrow keys go from one to the next, Enter or Space opens it.

import { element } from "/dashboard/element.js";

export class Tabs {
  #tabs;
  #buttons;
  #panels;

  /** `tabs` are {name, label}; `choose(name)` is called when somebody asks for another one. */
  constructor({ label, tabs, choose }) {
    this.#tabs = tabs;
    this.#buttons = tabs.map((tab) =>
      element(
        "button",
        { type: "button", role: "tab", class: "tab", id: `tab-${tab.name}`, "aria-controls": `panel-${tab.name}`, click: () => choose(tab.name), keydown: (event) => this.#move(event) },
        tab.label,
      ),
    );
    this.#panels = tabs.map((tab) =>
      element("div", { role: "tabpanel", class: "tab-panel", id: `panel-${tab.name}`, "aria-labelledby": `tab-${tab.name}`, hidden: true }),
    );
    this.node = element("div", { class: "tabs", role: "tablist", "aria-label": label }, this.#buttons);
    this.panels = element("div", {}, this.#panels);
  }

  /** Shows the panel of this tab. */
  open(name) {
    this.#tabs.forEach((tab, at) => {
      const isOpen = tab.name === name;
      this.#buttons[at].setAttribute("aria-selected", String(isOpen));
      this.#buttons[at].tabIndex = isOpen ? 0 : -1;
      this.#panels[at].hidden = !isOpen;
    });
    this.#buttonOf(name)?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }

  /** Puts `node` into the panel of a tab. */
  fill(name, node) {
    this.#panels[this.#tabs.findIndex((tab) => tab.name === name)].replaceChildren(node);
  }

  #buttonOf = (name) => this.#buttons[this.#tabs.findIndex((tab) => tab.name === name)];

  #move(event) {
    const last = this.#buttons.length - 1;
    const at = this.#buttons.indexOf(event.target);
    const to = { ArrowRight: at === last ? 0 : at + 1, ArrowLeft: at === 0 ? last : at - 1, Home: 0, End: last }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    this.#buttons[to].focus();
  }
}
