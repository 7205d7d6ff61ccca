// Days in which nothing happened, although there are figures of others: it is said, and all days are offered.

import { element } from "/dashboard/element.js";
import { counted, day } from "/dashboard/format.js";

const NOTHING = "Nobody entered and nothing was sent in these days.";

/** Whether nobody entered and nothing was sent in the days of these figures. */
export const isQuiet = ({ entered, sends }) => entered === 0 && sends === 0;

/** Whether a journey with these figures was quiet from `from` to `to`, while its last day with figures is another. */
export const isElsewhere = (figures, lastDay, { from, to }) => isQuiet(figures) && Boolean(lastDay) && (lastDay < from || lastDay > to);

export class QuietDays {
  #text = element("span");
  #all;
  node;

  /** `showAll()` chooses all days. */
  constructor(showAll) {
    this.#all = element("button", { type: "button", class: "link", click: showAll }, "Show all days");
    this.node = element("p", { class: "quiet-days", role: "status", hidden: true }, this.#text, " ", this.#all);
  }

  /** A journey's days: `report` has {from, to, totals, comparison}. `isWidened`: all are shown, unasked. */
  ofJourney({ from, to, totals, comparison }, isWidened) {
    if (isWidened) this.#say("Nobody entered and nothing was sent in the last 30 days that have figures, so all days are shown.", false);
    else if (!comparison || !isQuiet(totals)) this.#say("");
    else if (isElsewhere(totals, comparison.last_day, { from, to })) this.#say(`${NOTHING} The newest figures are of ${day(comparison.last_day)}.`);
    else this.#say(comparison.first_day < from ? `${NOTHING} There are figures of days before.` : "");
  }

  /** The days of a list: some of its journeys may be quiet, or all. */
  ofList({ from, to, totals, items }) {
    const quiet = items.filter(({ figures, last_day }) => isElsewhere(figures, last_day, { from, to }));
    const newest = quiet.map(({ last_day }) => last_day).sort().at(-1);
    if (!newest) this.#say("");
    else if (isQuiet(totals)) this.#say(`${NOTHING} The newest figures are of ${day(newest)}.`);
    else this.#say(`${counted(quiet.length, "journey has", "journeys have")} no entries or sends in these days, but figures of others; the newest of them are of ${day(newest)}.`);
  }

  #say(text, offersAll = true) {
    // Written only when it is another: a reader of the screen says it again otherwise.
    if (this.#text.textContent !== text) this.#text.textContent = text;
    this.#all.hidden = !offersAll;
    this.node.hidden = text === "";
  }
}
