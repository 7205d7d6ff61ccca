// What the orchestrator decided in a journey, newest first, and the story of one customer.

import { activityItem, TYPES } from "/dashboard/activity.js";
import { DayRange } from "/dashboard/day-range.js";
import { Downloads } from "/dashboard/downloads.js";
import { element } from "/dashboard/element.js";
import { Feed } from "/dashboard/feed.js";
import { zoneInUse } from "/dashboard/format.js";
import { Story } from "/dashboard/story.js";
import { dayAfter, startOfDay } from "/dashboard/zone.js";

const MOST_CHARS = 512; // of a customer id
const FORMATS = [
  { label: "CSV", query: { format: "csv" } },
  { label: "JSON lines", query: { format: "jsonl" } },
];

/** Why two days are no filter; either may be left out. */
export const filterProblem = (from, to) => (from && to && from > to ? "The first day is after the last: swap them." : "");

/** The moments that days of the page's zone stand for, the last included, as the API takes them. */
export function momentsOf({ from, to }) {
  const zone = zoneInUse();
  return {
    from: from ? startOfDay(from, zone).toISOString() : undefined,
    to: to ? startOfDay(dayAfter(to), zone).toISOString() : undefined,
  };
}

export class Activities {
  #client;
  #journeyId;
  #shell;
  #filter = {};
  #customerShown = null;
  #story = null;
  #type = element("select", { id: "activity-type" }, element("option", { value: "" }, "All types"), typeOptions());
  #customer = element("input", { id: "activity-customer", type: "search", placeholder: "Customer id", maxlength: MOST_CHARS, autocomplete: "off", spellcheck: "false" });
  #days = new DayRange({ id: "activity", problem: filterProblem });
  #why = element("button", { type: "button", class: "link", hidden: true, click: () => this.#tell(this.#filter.customer_id) }, "Why");
  #feed;
  #all;

  constructor(client, journeyId, shell) {
    this.#client = client;
    this.#journeyId = journeyId;
    this.#shell = shell;
    this.#feed = new Feed({
      name: "activities",
      label: "Activities",
      read: (cursor) => client.activities(journeyId, { ...this.#filter, cursor: cursor ?? undefined }),
      draw: (activity) => activityItem(activity, (customer) => this.#tell(customer)),
      empty: () => (Object.values(this.#filter).some(Boolean) ? "No activity matches: choose another type, customer or days." : "Nothing has happened in this journey yet."),
    });
    const form = element(
      "form",
      { class: "filters", role: "search", "aria-label": "Filter activities", novalidate: true, submit: (event) => this.#refilter(event) },
      element("label", { for: "activity-type" }, "Type"),
      this.#type,
      element("label", { for: "activity-customer" }, "Customer"),
      this.#customer,
      this.#days.node,
      element("button", { type: "submit", class: "button" }, "Apply"),
    );
    this.#type.addEventListener("change", (event) => this.#refilter(event));
    this.#customer.addEventListener("search", (event) => this.#refilter(event));
    const downloads = new Downloads(client, {
      label: "Export what is chosen",
      formats: FORMATS,
      source: () => ({ path: client.activitiesExport(journeyId), query: this.#filter }),
    });
    this.#all = element(
      "section",
      { class: "panel", "aria-labelledby": "activities-title" },
      element("div", { class: "panel-head" }, element("h2", { id: "activities-title" }, "Activities"), form),
      this.#why,
      this.#feed.node,
      downloads.node,
    );
    this.node = element("div", { class: "journey" }, this.#all);
  }

  /** Goes to where the address leads: a customer's story, or all activities. */
  follow({ customer }) {
    if (customer === this.#customerShown) return;
    this.#customerShown = customer;
    this.#story = customer ? new Story(this.#client, this.#journeyId, customer, () => this.#shell.show({ customer: null })) : null;
    this.node.replaceChildren(this.#story ? this.#story.node : this.#all);
    this.#story?.focus();
  }

  refresh() {
    return this.#story ? this.#story.refresh() : this.#feed.refresh();
  }

  destroy() {}

  #tell(customer) {
    this.#shell.show({ tab: "activities", customer });
  }

  async #refilter(event) {
    event.preventDefault();
    if (!this.#days.check()) return;
    const filter = { type: this.#type.value || undefined, customer_id: this.#customer.value.trim() || undefined, ...momentsOf(this.#days) };
    if (JSON.stringify(filter) === JSON.stringify(this.#filter)) return;
    this.#filter = filter;
    this.#why.hidden = !filter.customer_id;
    this.#why.textContent = `Why ${filter.customer_id} got what they got`;
    await this.#feed.restart();
  }
}

function typeOptions() {
  return Object.entries(TYPES).map(([type, name]) => element("option", { value: type }, name));
}
