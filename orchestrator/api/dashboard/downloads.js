// Files to keep: fetched with the key, which a plain link could not send, and handed to the browser.

import { element } from "/dashboard/element.js";
import { count } from "/dashboard/format.js";
import { explain } from "/dashboard/problem.js";

/** The forms of a journey's report. */
export const REPORTS = [
  { label: "Report to print", query: { format: "html" } },
  { label: "Excel", query: { format: "xlsx" } },
  { label: "CSV", query: { format: "csv" } },
  { label: "A file for each table (ZIP)", query: { format: "zip" } },
];
const KEPT_MS = 60_000; // a browser may ask where to put a file before it reads it

export class Downloads {
  #client;
  #said = element("span", { class: "soft", role: "status" });

  /** `formats` are {label, query}; `source()` gives {path, query} as they are chosen on the page, or a promise of them. */
  constructor(client, { label, formats, source }) {
    this.#client = client;
    const buttons = formats.map(({ label: name, query }) =>
      element("button", { type: "button", class: "button", click: (event) => this.#fetch(event.currentTarget, source, query) }, name),
    );
    this.node = element("div", { class: "downloads", role: "group", "aria-label": label }, element("span", { class: "soft" }, label), buttons, this.#said);
  }

  async #fetch(button, source, format) {
    button.disabled = true;
    this.#said.className = "soft";
    this.#said.textContent = "Being made…";
    try {
      const { path, query } = await source();
      const { blob, name } = await this.#client.download(path, { ...query, ...format });
      hand(blob, name);
      this.#said.textContent = `${name} (${count(Math.ceil(blob.size / 1024))} KiB)`;
    } catch (error) {
      this.#said.className = "failed";
      this.#said.textContent = explain(error);
    } finally {
      button.disabled = false;
    }
  }
}

function hand(blob, name) {
  const address = URL.createObjectURL(blob);
  element("a", { href: address, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(address), KEPT_MS);
}
