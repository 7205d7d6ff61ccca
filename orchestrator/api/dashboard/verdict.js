// What the comparison comes to: the API's own sentence, with a title that can be read across a room.

import { element } from "/dashboard/element.js";
import { count, counted, dayRange, percent } from "/dashboard/format.js";

/** Title and tone ("good", "bad", "open", "warning", "quiet") of each finding. */
const FINDINGS = {
  better: { title: "The journey works", tone: "good" },
  worse: { title: "The journey does harm", tone: "bad" },
  no_difference_yet: { title: "Still open", tone: "open" },
  not_enough_data: { title: "Too early to tell", tone: "open" },
  sample_ratio_mismatch: { title: "The groups are not as planned", tone: "warning" },
  no_holdout: { title: "Uplift not known", tone: "quiet" },
};
const NOBODY = { title: "Nobody has entered yet", tone: "quiet", text: "Figures appear here as soon as the first customer enters." };

/** The title of a finding of the API; null: nobody has entered. */
export const findingTitle = (finding) => (finding === null ? "Nobody yet" : (FINDINGS[finding]?.title ?? "Result"));

/** {title, tone, text, days?} for the comparison of the metrics endpoint, which may be null. */
export function verdictOf(comparison) {
  if (comparison === null) return NOBODY;
  const { title, tone } = FINDINGS[comparison.finding] ?? { title: "Result", tone: "quiet" };
  const text = `${comparison.verdict} ${groupsOf(comparison)}`;
  return { title, tone, text, days: dayRange(comparison.first_day, comparison.last_day) };
}

/** Whom the sentence is about. */
function groupsOf({ treatment, holdout }) {
  if (!holdout) return `${percent(treatment.conversion_rate)} of ${counted(treatment.customers, "customer")} reached the goal.`;
  return `Compared are ${counted(treatment.customers, "customer")} with messages and ${count(holdout.customers)} without, drawn by lot.`;
}

export class Verdict {
  #title = element("h2", { id: "verdict-title" });
  #text = element("p", {});
  #days = element("p", { class: "footnote" });
  node = element("section", { class: "verdict", "aria-labelledby": "verdict-title" }, this.#title, this.#text, this.#days);

  update({ comparison }) {
    const { title, tone, text, days } = verdictOf(comparison);
    this.node.dataset.tone = tone;
    this.#title.textContent = title;
    this.#text.textContent = text;
    this.#days.textContent = days ? `Over the journey's whole life so far, ${days}.` : "";
  }
}
