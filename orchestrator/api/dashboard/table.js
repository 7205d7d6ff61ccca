// Tables: a caption, headers with their denominators, rows of text or nodes. On a narrow screen each row becomes a card.

import { element } from "/dashboard/element.js";

/**
 * `columns` are {label, note?, numeric?, heading?}; the first heads its row. `heading(cell)` makes what stands in the
 * heading's cell instead of the label. Roles are written out because a stacked table
 * (display: block) loses the ones a browser gives it.
 */
export class Table {
  #columns;
  #body = element("tbody", { role: "rowgroup" });
  #empty;

  constructor({ caption, columns, empty = "Nothing yet.", isCaptionHidden = false, isStacking = true }) {
    this.#columns = columns;
    this.#empty = empty;
    const heads = columns.map(({ label, note, numeric, heading }) => {
      const cell = element("th", { scope: "col", role: "columnheader", class: numeric ? "numeric" : null });
      cell.append(heading ? heading(cell) : label, note ? element("small", {}, note) : "");
      return cell;
    });
    this.node = element(
      "table",
      { role: "table", class: isStacking ? "stacking" : null },
      element("caption", { class: isCaptionHidden ? "unseen" : null }, caption),
      element("thead", { role: "rowgroup" }, element("tr", { role: "row" }, heads)),
      this.#body,
    );
  }

  /** What stands there while there are no rows. */
  setEmpty(text) {
    this.#empty = text;
  }

  setRows(rows) {
    if (rows.length > 0) {
      this.#body.replaceChildren(...rows.map((cells) => this.#row(cells)));
      return;
    }
    const cell = element("td", { colspan: this.#columns.length, role: "cell", class: "empty" }, this.#empty);
    this.#body.replaceChildren(element("tr", { role: "row" }, cell));
  }

  #row(cells) {
    const nodes = cells.map((content, index) => {
      const { label, numeric } = this.#columns[index];
      if (index === 0) return element("th", { scope: "row", role: "rowheader" }, content);
      return element("td", { role: "cell", class: numeric ? "numeric" : null, "data-label": label }, element("span", {}, content));
    });
    return element("tr", { role: "row" }, nodes);
  }
}

/** A figure with what it stands on in small print below: "64.0%" "of 1,200 requested". */
export function figure(value, note) {
  return element("span", { class: "figure" }, value, note ? element("small", {}, note) : null);
}
