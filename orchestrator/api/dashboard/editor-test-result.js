// What a test came to: in a word, and as the story of what happened.

import { withValue } from "/dashboard/editor-document.js";
import { channelName } from "/dashboard/channels.js";
import { element } from "/dashboard/element.js";
import { counted, moment } from "/dashboard/format.js";
import { durationWords } from "/dashboard/picture-conditions.js";

const OUTCOMES = { passed: "Passes", failed: "Fails", not_played: "Not played" };

/** The word for a result; empty while there is none. */
export const outcomeWord = (result) => OUTCOMES[result?.outcome] ?? "";

/** "PT0S" as "at the start", "P3D" as "after 3 days". */
const whenWords = (after) => (after === "PT0S" ? "at the start" : `after ${durationWords(after)}`);

/** A sentence of the API with its lengths of time ("at P3D") in words. */
export const inWords = (text) => text.replaceAll(/\bat (P(?=[\dT])(?:\d+[WD])*(?:T(?:\d+[HMS])+)?)(?=[\s:,.]|$)/g, (_, after) => whenWords(after));

/** The messages of a result as a test would expect them: told to whom only where there are several customers. */
export function expectedOf({ messages }) {
  const isOfOne = new Set(messages.map(({ customer_id: customer }) => customer)).size <= 1;
  return messages.map(({ template, channel, after, customer_id: customer }) => ({ template, channel, at: after, ...(isOfOne ? {} : { customer }) }));
}

/** The document with what happened in the test at `path` as what is expected of it. */
export function withExpected(document, path, test, result) {
  const sends = expectedOf(result);
  const expected = withValue(document, [...path, "sends"], sends.length > 0 ? sends : undefined);
  return Array.isArray(test.ends) ? withValue(expected, [...path, "ends"], result.ends.map(({ reason }) => reason)) : expected;
}

/** The story of a result, for below its test. */
export function resultNodes(result) {
  if (result === null) return [element("p", { class: "form-words" }, "Not played yet.")];
  const { outcome, differences, notes, is_cut: isCut } = result;
  return [
    element("p", { class: "test-state", "data-tone": outcome === "passed" ? "good" : "bad" }, { passed: "It goes as expected.", failed: "It goes otherwise than expected.", not_played: "It could not be played to its end." }[outcome]),
    list(outcome === "failed" ? "Differences" : "Why", differences.map((text) => inWords(text))),
    outcome === "not_played" && result.entries === 0 ? null : story(result),
    list("Held back", notes.map((text) => inWords(text))),
    isCut ? element("p", { class: "footnote" }, "More happened than is shown here.") : null,
  ].filter(Boolean);
}

function story({ entries, messages, ends }) {
  const told = [
    ...messages.map((message) => ({ ...message, what: `“${message.template}” by ${channelName(message.channel)} to ${message.customer_id}${valuesWords(message.variables)}` })),
    ...ends.map((end) => ({ ...end, what: `the run of ${end.customer_id} ends: ${end.reason.replaceAll("_", " ")}` })),
  ];
  told.sort((one, other) => Date.parse(one.at) - Date.parse(other.at)); // those of one moment stay: first what is sent, then what ends
  const began = entries === 0 ? "Nobody enters the journey." : `${counted(entries, "run")} ${entries === 1 ? "begins" : "begin"}.`;
  return [element("p", {}, began), list("What happens", told.map(({ after, at, what }) => [element("strong", {}, capital(whenWords(after))), ` (${moment(at)}): ${what}`]))];
}

function valuesWords(variables) {
  const values = Object.entries(variables).map(([name, value]) => `${name}: ${typeof value === "string" ? value : JSON.stringify(value)}`);
  return values.length > 0 ? ` with ${values.join(", ")}` : "";
}

function list(label, items) {
  return items.length === 0 ? null : element("div", { class: "test-list" }, element("p", { class: "test-label" }, label), element("ul", { "aria-label": label }, items.map((item) => element("li", {}, item))));
}

const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);
