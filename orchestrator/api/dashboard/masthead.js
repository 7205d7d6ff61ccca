// The line on top: what this is, whose it is, where one can go, how fresh the figures are, and the way out.

import { hrefTo } from "/dashboard/address.js";
import { element } from "/dashboard/element.js";
import { clock, count } from "/dashboard/format.js";

/** `pages` are those that the entry stands for; `admins`: only they may see it. */
const PLACES = [
  { page: "journeys", label: "Journeys", pages: ["journeys", "journey", "new"] },
  { page: "proposals", label: "Proposals", pages: ["proposals"] },
  { page: "audit", label: "Audit", pages: ["audit"] },
  { page: "keys", label: "Keys", pages: ["keys"], admins: true },
  { page: "settings", label: "Settings", pages: ["settings"] },
];

export class Masthead {
  #workspace = element("span", { class: "workspace" });
  #freshness = element("span", { class: "freshness" });
  #waiting = element("span", { class: "count", hidden: true });
  #brand;
  #nav = element("nav", { "aria-label": "Pages" });
  #links = new Map();
  #out;

  /** `stop` is the button that stops all sending; `leave()` signs out. */
  constructor(place, { leave, stop }) {
    this.#out = element("button", { type: "button", class: "link", id: "sign-out", click: leave }, "Sign out");
    this.#brand = element("a", { class: "brand", href: "#journeys" }, element("img", { src: "/dashboard/icon.svg", alt: "", width: 28, height: 28 }), "Orchestrator");
    for (const { page, label } of PLACES) {
      this.#links.set(page, element("a", { href: `#${page}` }, label, page === "proposals" ? [" ", this.#waiting] : null));
    }
    this.#nav.append(...this.#links.values());
    place.replaceChildren(this.#brand, this.#nav, this.#workspace, this.#freshness, stop, this.#out);
    this.showSignedOut();
  }

  showSignedOut() {
    this.#workspace.textContent = "";
    this.#freshness.textContent = "";
    this.#out.hidden = true;
    this.#nav.hidden = true;
  }

  /** Marks where one is; the ways from here lead on in the zone chosen, those to the journeys to the same days. */
  showPlace({ page, period }) {
    this.#brand.href = hrefTo({ period });
    for (const { page: target, pages } of PLACES) {
      const link = this.#links.get(target);
      link.href = hrefTo({ page: target, period: target === "journeys" ? period : null });
      if (pages.includes(page)) link.setAttribute("aria-current", "page");
      else link.removeAttribute("aria-current");
    }
  }

  showWorkspace({ workspace_id, role }) {
    this.#workspace.textContent = `${workspace_id} · ${role}`;
    this.#out.hidden = false;
    this.#nav.hidden = false;
    for (const { page, admins } of PLACES) this.#links.get(page).hidden = Boolean(admins) && role !== "admin";
  }

  /** How many proposals wait; `isMore`: at least so many. */
  showWaiting(waiting, isMore) {
    this.#waiting.hidden = waiting === 0;
    this.#waiting.textContent = `${count(waiting)}${isMore ? "+" : ""}`;
    if (waiting > 0) this.#waiting.append(element("span", { class: "unseen" }, " waiting"));
  }

  /** `at` is the time of the figures; `isLive` false says they could not be renewed. */
  showFreshness(at, isLive) {
    this.#freshness.dataset.live = String(isLive);
    this.#freshness.textContent = at ? `Data as of ${clock(at)}` : "";
  }
}
