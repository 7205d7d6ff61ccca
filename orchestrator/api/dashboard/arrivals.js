// Which events really come in, as the API has seen: read seldom, and quiet where nobody knows.

import { counted, moment, span } from "/dashboard/format.js";
import { ConnectionLost, Problem, SignInOver } from "/dashboard/problem.js";

const AGE_MS = 30_000; // as long as the API tells the same; a failure too is not tried again sooner
const MINUTE_MS = 60_000;
const PASSING = [Problem, ConnectionLost, SignInOver];
const MOST_NAMED = 5;

export class Arrivals {
  #read;
  #changed;
  #readAt = -Infinity;
  #isReading = false;
  /** The API's answer; null: nobody knows, as Kafka does not answer or has not been asked yet. */
  seen = null;

  /** `read()` asks the API; `changed(hasOtherTypes)` hears of each answer that is not as the one before. */
  constructor(read, changed) {
    this.#read = read;
    this.#changed = changed;
  }

  /** Looks again where what is known is old; nobody has to wait for it. */
  async look() {
    if (this.#isReading || performance.now() - this.#readAt < AGE_MS) return;
    this.#isReading = true;
    const before = this.seen;
    try {
      this.seen = await this.#read();
    } catch (error) {
      if (!PASSING.some((kind) => error instanceof kind)) throw error; // what else is on the page tells these
      this.seen = null;
    } finally {
      this.#isReading = false;
      this.#readAt = performance.now();
    }
    if (JSON.stringify(this.seen) !== JSON.stringify(before)) this.#changed(typesOf(this.seen) !== typesOf(before));
  }
}

const typesOf = (seen) => JSON.stringify(seen && seen.items.map(({ type }) => type).sort());

/** What was looked at: "the newest 812 events (since 3 Nov 2026, 10:12:02 UTC)". */
export const lookedAt = ({ events, since }) => `the newest ${counted(events, "event")} (since ${moment(since)})`;

/** Where there is nothing to compare with, in words; empty: there is something. */
export function nothingCame({ events, is_all: isAll }) {
  if (events > 0) return "";
  return isAll ? "No events have come in yet for this workspace." : "None of the newest events is one of this workspace.";
}

/** The sentence for a type that has not come: which did. */
export const thoseThatCame = (type, { items }) => `Those that came: ${namesLike(type, items.map((item) => item.type))}`;

/** Names in a sentence, those that are spelled most like `wanted` first. */
export function namesLike(wanted, names) {
  const more = names.length > MOST_NAMED ? `, and ${names.length - MOST_NAMED} more` : "";
  return nearestFirst(wanted, names).slice(0, MOST_NAMED).join(", ") + more;
}

/** Whether a type has come in, in words: "The last one came 3 min ago." */
export function arrivalWords(type, seen) {
  const nothing = nothingCame(seen);
  if (nothing) return nothing;
  const item = seen.items.find((each) => each.type === type);
  if (item) return `The last one came ${ago(Date.parse(seen.looked_at) - Date.parse(item.last_at))}.`;
  if (seen.types_left_out > 0) return ""; // it may be one of them
  return `None has come in among ${lookedAt(seen)}. ${thoseThatCame(type, seen)}.`;
}

/** To the minute: the answer may be almost one old. */
const ago = (ms) => (ms < MINUTE_MS ? "less than a minute ago" : `${span(ms - (ms % MINUTE_MS))} ago`);

/** Names in the order of how little has to be changed in them to get `wanted`, whatever their case; else as they were. */
function nearestFirst(wanted, names) {
  const far = new Map(names.map((name) => [name, distance(wanted.toLowerCase(), name.toLowerCase())]));
  return [...names].sort((one, other) => far.get(one) - far.get(other));
}

/** How many letters have to be put in, taken out or exchanged to make one text of the other (Levenshtein). */
export function distance(one, other) {
  let before = Array.from({ length: other.length + 1 }, (_, at) => at);
  for (let row = 1; row <= one.length; row += 1) {
    const now = [row];
    for (let at = 1; at <= other.length; at += 1) {
      const exchanged = before[at - 1] + (one[row - 1] === other[at - 1] ? 0 : 1);
      now.push(Math.min(before[at] + 1, now[at - 1] + 1, exchanged));
    }
    before = now;
  }
  return before[other.length];
}
