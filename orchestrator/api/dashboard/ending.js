// What is still to come of a journey that nobody enters any more: pure, so that every part says the same.

import { day } from "/dashboard/format.js";
import { secondsOf } from "/dashboard/editor-duration.js";

const DAY_S = 86_400;

/** Whether nobody will ever enter it again. */
export const isEnded = ({ status }) => status === "STOPPED" || status === "ARCHIVED";

/**
 * By when the last goal has come in that still counts, in a sentence; empty: customers may enter, or nobody ever has.
 * `lastDay` is the last on which anything happened, so nobody has entered after it; a goal counts within the definition's
 * window after the entry. `today` is a day as well.
 */
export function endingWords(journey, lastDay, today) {
  if (!isEnded(journey) || !lastDay) return "";
  const window_s = secondsOf(journey.config?.goal?.window) ?? 0;
  const end = new Date(Date.parse(`${lastDay}T00:00:00Z`) + DAY_S * 1_000 + window_s * 1_000).toISOString().slice(0, 10);
  if (end < today) return "Nobody enters any more, and no goal can come in that still counts: this is final.";
  return `Nobody enters any more. Goals of those who have entered count until ${day(end)} at the latest; then this is final.`;
}
