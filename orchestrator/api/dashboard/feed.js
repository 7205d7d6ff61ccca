// A list, newest first, that grows at both ends: what is new comes on top, what is older on demand.

import { element } from "/dashboard/element.js";
import { counted } from "/dashboard/format.js";
import { explain } from "/dashboard/problem.js";

export class Feed {
  #read;
  #draw;
  #empty;
  #generation = 0; // counts how often it began anew: an answer to an older question is dropped
  #shown = new Map(); // id → {node, text}, newest first
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

  #take(page) {
    const fresh = page.items.filter(({ id }) => !this.#shown.has(id));
    const meets = fresh.length < page.items.length;
    if (!meets) {
      this.#shown.clear();
      this.#list.replaceChildren();
      this.#cursor = page.next_cursor;
    }
    if (meets) this.#dropMissing(page.items);
    const drawn = fresh.map((item) => [item.id, this.#drawn(item)]);
    this.#list.prepend(...drawn.map(([, { node }]) => node));
    this.#shown = new Map([...drawn, ...this.#shown]);
    this.#offered = null;
    this.#showState();
  }

  /** Takes away what stood among `items` and does so no more: a proposal that somebody has decided about. */
  #dropMissing(items) {
    const present = new Set(items.map(({ id }) => id));
    const last = items.at(-1).id;
    for (const [id, { node }] of this.#shown) {
      if (id === last) return;
      if (present.has(id)) continue;
      node.remove();
      this.#shown.delete(id);
    }
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
    return { node: this.#draw(item), text: JSON.stringify(item) };
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

/** Whether an item is open, or has the focus. */
const isRead = (node) => node.contains(document.activeElement) || node.querySelector("details[open]") !== null;
