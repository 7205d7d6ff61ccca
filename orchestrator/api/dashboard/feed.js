// A list, newest first, that grows at both ends: what is new comes on top, what is older on demand.

import { element } from "/dashboard/element.js";
import { counted } from "/dashboard/format.js";
import { explain } from "/dashboard/problem.js";

export class Feed {
  #read;
  #draw;
  #empty;
  #generation = 0; // counts how often it began anew: an answer to an older question is dropped
  #shown = new Map(); // id → {node, text, at}, newest first
  #cursor = null;
  #offered = null;
  #list;
  #news = element("button", { type: "button", class: "button news", hidden: true, click: () => this.#take(this.#offered) });
  #nothing = element("p", { class: "empty", hidden: true });
  #message = element("p", { class: "failed", role: "status", hidden: true });
  #more = element("button", { type: "button", class: "button", hidden: true, click: () => this.#readMore() }, "Load more");

  /**
   * `read(cursor)` gives {items, next_cursor} of a page, the newest for null. `draw(item)` makes a list item. `empty()`
   * says what to read where there is nothing. `name` is the list's class.
   */
  constructor({ name, label, read, draw, empty }) {
    this.#read = read;
    this.#draw = draw;
    this.#empty = empty;
    this.#list = element("ol", { class: name, "aria-label": label });
    this.node = element("div", { class: "feed" }, this.#news, this.#list, this.#nothing, this.#message, this.#more);
  }

  /** Reads the newest page. While somebody is reading an item, new ones wait behind a button, so that nothing moves. */
  async refresh() {
    const generation = this.#generation;
    const page = await this.#read(null);
    if (generation !== this.#generation) return;
    this.#update(page.items);
    if (this.#isBeingRead()) this.#offer(page);
    else this.#take(page);
  }

  /** Begins anew, after the question has changed. */
  async restart() {
    this.#generation += 1;
    this.#shown.clear();
    this.#offered = null;
    this.#list.replaceChildren();
    try {
      await this.refresh();
      this.#say("");
    } catch (error) {
      this.#say(explain(error));
    }
  }

  /** Shows the page, and below it what was shown and is older. */
  #take(page) {
    const meets = page.items.some(({ id }) => this.#shown.has(id));
    if (!meets) this.#cursor = page.next_cursor;
    const hasOlder = meets && page.next_cursor !== null;
    const newest = page.items.map((item) => [item.id, this.#shown.get(item.id) ?? this.#drawn(item)]);
    const present = new Set(page.items.map(({ id }) => id));
    const end = hasOlder ? timeOf(page.items.at(-1)) : Infinity;
    const older = hasOlder ? [...this.#shown].filter(([id, { at }]) => !present.has(id) && at <= end) : [];
    this.#show([...newest, ...older]);
    this.#offered = null;
    this.#showState();
  }

  /** Puts these in their order, and touches nothing where that is the order already. */
  #show(entries) {
    const before = [...this.#shown.keys()];
    const isSame = before.length === entries.length && entries.every(([id], at) => id === before[at]);
    if (isSame) return;
    this.#shown = new Map(entries);
    this.#list.replaceChildren(...entries.map(([, { node }]) => node));
  }

  #offer(page) {
    this.#offered = page;
    this.#showState();
  }

  /** Draws anew what is shown and has changed, but for what somebody is reading. */
  #update(items) {
    for (const item of items) {
      const shown = this.#shown.get(item.id);
      if (!shown || shown.text === JSON.stringify(item) || isRead(shown.node)) continue;
      const drawn = this.#drawn(item);
      shown.node.replaceWith(drawn.node);
      this.#shown.set(item.id, drawn);
    }
  }

  async #readMore() {
    const generation = this.#generation;
    this.#more.disabled = true;
    try {
      const { items, next_cursor } = await this.#read(this.#cursor);
      if (generation !== this.#generation) return;
      for (const item of items.filter(({ id }) => !this.#shown.has(id))) {
        const drawn = this.#drawn(item);
        this.#shown.set(item.id, drawn);
        this.#list.append(drawn.node);
      }
      this.#cursor = next_cursor;
      this.#say("");
    } catch (error) {
      this.#say(explain(error));
    } finally {
      this.#more.disabled = false;
      this.#showState();
    }
  }

  #drawn(item) {
    return { node: this.#draw(item), text: JSON.stringify(item), at: timeOf(item) };
  }

  #isBeingRead() {
    return [...this.#shown.values()].some(({ node }) => isRead(node));
  }

  #say(text) {
    this.#message.textContent = text;
    this.#message.hidden = text === "";
  }

  #showState() {
    const waiting = this.#offered?.items.filter(({ id }) => !this.#shown.has(id)).length ?? 0;
    this.#news.hidden = waiting === 0;
    this.#news.textContent = `Show ${counted(waiting, "new entry", "new entries")}`;
    this.#more.hidden = this.#cursor === null;
    this.#nothing.hidden = this.#shown.size > 0;
    this.#nothing.textContent = this.#empty();
  }
}

const timeOf = ({ at, created_at }) => Date.parse(at ?? created_at);

/** Whether an item is open, or has the focus. */
const isRead = (node) => node.contains(document.activeElement) || node.querySelector("details[open]") !== null;
