// What the comparison comes to: the API's own sentence, with a title that can be read across a room.

import { element } from "/dashboard/element.js";
import { count, counted, day, dayRange, percent } from "/dashboard/format.js";

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

/** What is called otherwise once nothing can change it any more. */
const FINAL = { no_difference_yet: "No difference shown", not_enough_data: "Too few to tell" };

/**
 * {title, tone, text, days?} for the comparison of the metrics endpoint, which may be null; `today` ("2026-01-31") tells
 * whether that of a journey nobody enters any more is final.
 */
function verdictOf(comparison, today) {
  if (comparison === null) return NOBODY;
  const { finding, verdict, settled_on } = comparison;
  const isFinal = settled_on !== null && settled_on <= today;
  const { title, tone } = FINDINGS[finding] ?? { title: "Result", tone: "quiet" };
  const text = [verdict, groupsOf(comparison), outlook(settled_on, isFinal)].filter(Boolean).join(" ");
  return { title: (isFinal && FINAL[finding]) || title, tone, text, days: dayRange(comparison.first_day, comparison.last_day) };
}

/** Whether it can still change, where nobody enters any more; empty: customers may enter. */
function outlook(settledOn, isFinal) {
  if (settledOn === null) return "";
  if (isFinal) return "This is final: nobody enters any more, and the time within which a goal counts is over for everybody.";
  return `Nobody new enters. It is final on ${day(settledOn)}: until then whoever entered last may still reach the goal.`;
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
    const { title, tone, text, days } = verdictOf(comparison, new Date().toISOString().slice(0, 10));
    this.node.dataset.tone = tone;
    this.#title.textContent = title;
    this.#text.textContent = text;
    this.#days.textContent = days ? `Over the journey's whole life so far, ${days}.` : "";
  }
}
