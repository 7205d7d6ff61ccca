// What the comparison comes to: the API's own sentence, with a title that can be read across a room.

import { element } from "/dashboard/element.js";
import { endingWords, isEnded } from "/dashboard/ending.js";
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
const NEVER = { title: "Nobody has entered", tone: "quiet", text: "Nobody will: the journey has been stopped." };
const UNPUBLISHED = { title: "Not published yet", tone: "quiet", text: "Nobody enters until somebody publishes it. What it would do to whom can be tried before, under Backtest." };

/** The title of a finding of the API; null: nobody has entered. */
export const findingTitle = (finding) => (finding === null ? "Nobody yet" : (FINDINGS[finding]?.title ?? "Result"));

/** {title, tone, text, days?} for the comparison of the metrics endpoint, which may be null, of a journey. */
export function verdictOf(comparison, journey) {
  if (comparison === null) return isEnded(journey) ? NEVER : journey.status === "DRAFT" ? UNPUBLISHED : NOBODY;
  const { title, tone } = findingOf(comparison, journey);
  const text = `${comparison.verdict} ${groupsOf(comparison)}`;
  return { title, tone, text, days: dayRange(comparison.first_day, comparison.last_day) };
}

/** Where nobody enters any more, it is not early: it stays as little. */
function findingOf({ finding }, journey) {
  if (finding === "not_enough_data" && isEnded(journey)) return { title: "Too few to tell", tone: "quiet" };
  return FINDINGS[finding] ?? { title: "Result", tone: "quiet" };
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

  /** `generatedAt` is when the figures were read. */
  update({ comparison }, journey, generatedAt) {
    const { title, tone, text, days } = verdictOf(comparison, journey);
    const ending = endingWords(journey, comparison?.last_day, generatedAt.slice(0, 10));
    this.node.dataset.tone = tone;
    this.#title.textContent = title;
    this.#text.textContent = text;
    this.#days.textContent = [days ? `Over the journey's whole life${isEnded(journey) ? "" : " so far"}, ${days}.` : "", ending].filter(Boolean).join(" ");
  }
}
