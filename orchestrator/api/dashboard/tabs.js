// Tabs: the arrow keys go from one to the next, Enter or Space opens it.

import { element } from "/dashboard/element.js";

const NEIGHBOUR = 32; // px of the tabs beside the open one that tell there are more

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
    new ResizeObserver(() => this.#reveal()).observe(this.node); // it has no width before it stands on the page
  }

  /** Shows the panel of this tab. */
  open(name) {
    this.#tabs.forEach((tab, at) => {
      const isOpen = tab.name === name;
      this.#buttons[at].setAttribute("aria-selected", String(isOpen));
      this.#buttons[at].tabIndex = isOpen ? 0 : -1;
      this.#panels[at].hidden = !isOpen;
    });
    this.#reveal();
  }

  /** Brings the open tab, and a part of its neighbours, into view where not all fit. */
  #reveal() {
    const open = this.#buttons.find((button) => button.tabIndex === 0);
    const { clientWidth, scrollLeft, offsetLeft } = this.node;
    if (!open || clientWidth === 0) return;
    const left = open.offsetLeft - offsetLeft - NEIGHBOUR;
    const right = left + open.offsetWidth + 2 * NEIGHBOUR;
    if (left < scrollLeft) this.node.scrollLeft = left;
    else if (right > scrollLeft + clientWidth) this.node.scrollLeft = right - clientWidth;
  }

  /** Puts `node` into the panel of a tab. */
  fill(name, node) {
    this.#panels[this.#tabs.findIndex((tab) => tab.name === name)].replaceChildren(node);
  }

  #move(event) {
    const last = this.#buttons.length - 1;
    const at = this.#buttons.indexOf(event.target);
    const to = { ArrowRight: at === last ? 0 : at + 1, ArrowLeft: at === 0 ? last : at - 1, Home: 0, End: last }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    this.#buttons[to].focus();
  }
}
