// The line on top: what this is, whose it is, how fresh the figures are, and the way out.

import { element } from "/dashboard/element.js";
import { clock } from "/dashboard/format.js";

export class Masthead {
  #workspace = element("span", { class: "workspace" });
  #freshness = element("span", { class: "freshness" });
  #out;

  constructor(place, { home, leave }) {
    this.#out = element("button", { type: "button", class: "link", id: "sign-out", click: leave }, "Sign out");
    const brand = element("a", { class: "brand", href: "#", click: (event) => (event.preventDefault(), home()) }, element("img", { src: "/dashboard/icon.svg", alt: "", width: 28, height: 28 }), "Journeys");
    place.replaceChildren(brand, this.#workspace, this.#freshness, this.#out);
    this.showSignedOut();
  }

  showSignedOut() {
    this.#workspace.textContent = "";
    this.#freshness.textContent = "";
    this.#out.hidden = true;
  }

  showWorkspace({ workspace_id, role }) {
    this.#workspace.textContent = `${workspace_id} · ${role}`;
    this.#out.hidden = false;
  }

  /** `at` is the time of the figures; `isLive` false says they could not be renewed. */
  showFreshness(at, isLive) {
    this.#freshness.dataset.live = String(isLive);
    this.#freshness.textContent = at ? `Data as of ${clock(at)}` : "";
  }
}
