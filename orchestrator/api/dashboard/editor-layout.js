// Where the parts of the editor stand.

import { element } from "/dashboard/element.js";

/** The document beside what is said of it: problems and picture. */
export function editorLayout({ bar, start, form, text, checks, picture }) {
  const pictured = element("section", { class: "panel", "aria-labelledby": "editor-picture-title" }, element("h3", { id: "editor-picture-title" }, "Picture"), picture);
  return element(
    "section",
    { class: "editor", "aria-labelledby": "editor-title", "aria-busy": "true" },
    bar,
    start,
    element("div", { class: "editor-parts" }, element("div", { class: "panel editor-document" }, form, text), element("div", { class: "editor-aside" }, checks, pictured)),
  );
}
