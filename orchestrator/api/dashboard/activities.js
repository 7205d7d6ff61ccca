// What the orchestrator decided lately, newest first, with more on demand.

import { activityItem, TYPES } from "/dashboard/activity.js";
import { element } from "/dashboard/element.js";
import { explain } from "/dashboard/problem.js";

const MOST_CHARS = 512; // of a customer id

export class Activities {
  #client;
  #journeyId;
  #filter = {};
  #shown = new Map(); // id → list item, newest first
  #cursor = null;
  #hasMore = false;
  #type = element("select", { id: "activity-type" }, element("option", { value: "" }, "All types"), typeOptions());
  #customer = element("input", { id: "activity-customer", type: "search", placeholder: "Customer id", maxlength: MOST_CHARS, autocomplete: "off", spellcheck: "false" });
  #list = element("ol", { class: "activities" });
  #empty = element("p", { class: "empty", hidden: true });
  #message = element("p", { class: "failed", role: "status", hidden: true });
  #more = element("button", { type: "button", class: "button", hidden: true, click: () => this.#loadMore() }, "Load more");

  constructor(client, journeyId) {
    this.#client = client;
    this.#journeyId = journeyId;
    const form = element(
      "form",
      { class: "filters", role: "search", "aria-label": "Filter activities", submit: (event) => this.#refilter(event) },
      element("label", { for: "activity-type" }, "Type"),
      this.#type,
      element("label", { for: "activity-customer" }, "Customer"),
      this.#customer,
      element("button", { type: "submit", class: "button" }, "Apply"),
    );
    this.#type.addEventListener("change", (event) => this.#refilter(event));
    this.#customer.addEventListener("search", (event) => this.#refilter(event));
    this.node = element(
      "section",
      { class: "panel", "aria-labelledby": "activities-title" },
      element("div", { class: "panel-head" }, element("h2", { id: "activities-title" }, "Recent activities"), form),
      this.#list,
      this.#empty,
      this.#message,
      this.#more,
    );
  }

  /** Reads the newest page and puts what is new on top, leaving alone what somebody may be reading. */
  async refresh() {
    const filter = this.#filter;
    const { items, next_cursor } = await this.#client.activities(this.#journeyId, filter);
    if (filter !== this.#filter) return; // asked with other filters meanwhile
    const meets = items.some(({ id }) => this.#shown.has(id));
    if (!meets) {
      this.#shown.clear();
      this.#cursor = next_cursor;
    }
    const fresh = new Map();
    for (const item of items) if (!this.#shown.has(item.id)) fresh.set(item.id, activityItem(item));
    if (meets) this.#list.prepend(...fresh.values());
    else this.#list.replaceChildren(...fresh.values());
    this.#shown = new Map([...fresh, ...this.#shown]);
    this.#showState();
  }

  async #loadMore() {
    const filter = this.#filter;
    this.#more.disabled = true;
    try {
      const { items, next_cursor } = await this.#client.activities(this.#journeyId, { ...filter, cursor: this.#cursor });
      if (filter !== this.#filter) return;
      const older = items.filter(({ id }) => !this.#shown.has(id));
      for (const item of older) this.#shown.set(item.id, activityItem(item));
      this.#list.append(...older.map(({ id }) => this.#shown.get(id)));
      this.#cursor = next_cursor;
      this.#say("");
    } catch (error) {
      this.#say(explain(error));
    } finally {
      this.#more.disabled = false;
      this.#showState();
    }
  }

  async #refilter(event) {
    event.preventDefault();
    const type = this.#type.value;
    const customer_id = this.#customer.value.trim();
    if (type === (this.#filter.type ?? "") && customer_id === (this.#filter.customer_id ?? "")) return;
    this.#filter = { type: type || undefined, customer_id: customer_id || undefined };
    this.#shown.clear();
    try {
      await this.refresh();
      this.#say("");
    } catch (error) {
      this.#say(explain(error));
    }
  }

  #say(text) {
    this.#message.textContent = text;
    this.#message.hidden = text === "";
  }

  #showState() {
    this.#hasMore = this.#cursor !== null;
    this.#more.hidden = !this.#hasMore;
    this.#empty.hidden = this.#shown.size > 0;
    const isFiltered = this.#filter.type || this.#filter.customer_id;
    this.#empty.textContent = isFiltered ? "No activity matches: choose another type or customer." : "Nothing has happened in this journey yet.";
  }
}

function typeOptions() {
  return Object.entries(TYPES).map(([type, name]) => element("option", { value: type }, name));
}
