// A draft: nobody has entered, so instead of figures it says what to do next.

import { hrefTo } from "/dashboard/address.js";
import { element } from "/dashboard/element.js";

const NEXT = [
  { tab: "edit", label: "Go on writing", about: "The form, its checks and its tests. Nobody notices a draft, whatever you change." },
  { tab: "backtest", label: "Try it on the past", about: "Plays it over events that have come in: how many would have entered, and what they would have got." },
];

export class Draft {
  #links = NEXT.map(({ label }) => element("a", { class: "button" }, label));
  node = element(
    "section",
    { class: "panel", "aria-labelledby": "draft-title", hidden: true },
    element("h2", { id: "draft-title" }, "A draft reaches nobody"),
    element("ol", { class: "draft-next", "aria-labelledby": "draft-title" }, NEXT.map(({ about }, at) => element("li", {}, this.#links[at], element("p", {}, about))), element("li", {}, element("p", {}, "Publish it, at the top of this page: customers enter from then on, and their figures appear here."))),
  );

  /** `id` is the journey's. */
  update(id) {
    for (const [at, { tab }] of NEXT.entries()) this.#links[at].href = hrefTo({ journey: id, tab });
  }
}
