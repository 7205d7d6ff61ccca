// The page of the audit: every change in the workspace, by whom and when.

import { filterProblem, momentsOf } from "/dashboard/activities.js";
import { auditItem } from "/dashboard/audit.js";
import { DayRange } from "/dashboard/day-range.js";
import { element } from "/dashboard/element.js";
import { Feed } from "/dashboard/feed.js";
import { zoneInUse } from "/dashboard/format.js";
import { ZoneChoice } from "/dashboard/zone.js";

export class AuditPage {
  #filter = {};
  #author = null; // {author_id, author} whose changes alone are shown
  #days = new DayRange({ id: "audit", problem: filterProblem });
  #only = element("button", { type: "button", class: "button", hidden: true, click: () => this.#show(null) }, "Show all");
  #feed;

  constructor(client, address, shell) {
    document.title = "Audit · Journeys";
    this.#feed = new Feed({
      name: "audit",
      label: "Changes",
      read: (cursor) => client.audit({ ...this.#filter, cursor: cursor ?? undefined }),
      draw: (entry) => auditItem(entry, { only: (chosen) => this.#show(chosen) }),
      empty: () => (Object.values(this.#filter).some(Boolean) ? "No change matches: choose other days." : "Nothing has been changed yet."),
    });
    const zone = new ZoneChoice(zoneInUse(), (chosen) => shell.show({ ...address, zone: chosen }, { replace: true }));
    const form = element(
      "form",
      { class: "filters", role: "search", "aria-label": "Filter changes", novalidate: true, submit: (event) => this.#refilter(event) },
      this.#days.node,
      element("button", { type: "submit", class: "button" }, "Apply"),
      this.#only,
    );
    this.node = element(
      "section",
      { class: "journey", "aria-labelledby": "audit-title", "aria-busy": "true" },
      element("div", { class: "title-row" }, element("h1", { id: "audit-title" }, "Audit"), zone.node),
      element("section", { class: "panel", "aria-label": "Changes" }, form, this.#feed.node),
    );
  }

  async refresh() {
    await this.#feed.refresh();
    this.node.setAttribute("aria-busy", "false");
  }

  destroy() {}

  #show(chosen) {
    this.#author = chosen;
    this.#only.hidden = chosen === null;
    this.#only.textContent = chosen ? `By ${chosen.author} only: show all` : "Show all";
    this.#begin();
  }

  #refilter(event) {
    event.preventDefault();
    if (this.#days.check()) this.#begin();
  }

  #begin() {
    this.#filter = { ...momentsOf(this.#days), author_id: this.#author?.author_id };
    return this.#feed.restart();
  }
}
