// Who changed what: entries of the audit in words.

import { hrefTo } from "/dashboard/address.js";
import { detailText } from "/dashboard/activity.js";
import { element } from "/dashboard/element.js";
import { moment, words } from "/dashboard/format.js";
import { auditedChanges } from "/dashboard/settings-words.js";

const ACTIONS = {
  journey_created: "Journey created",
  journey_changed: "Journey changed",
  workspace_changed: "Settings changed",
  key_created: "Key created",
  key_revoked: "Key revoked",
  change_proposed: "Change proposed",
  change_approved: "Change approved",
  change_rejected: "Change rejected",
  erasure_requested: "Erasure requested",
  backtest_started: "Backtest started",
  backtest_cancelled: "Backtest cancelled",
};
const MOST_CHARS = 80; // of a value in the line that sums a change up

const NOT_TOLD = ["proposal", "backtest"]; // ids
const isEmpty = (value) => value === null || value === "" || value === false;

/** "Status: ACTIVE → PAUSED" for every field that differs; of something new, what it has; of settings, what they said. */
export function changesOf(entry) {
  const said = auditedChanges(entry);
  if (said.length > 0) return said;
  const { before, after } = entry;
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  const told = names.filter((name) => !NOT_TOLD.includes(name) && (name in before || !isEmpty(after[name])));
  return told.map((name) => {
    const was = name in before ? `${short(name, before[name])} → ` : "";
    return `${words(name)}: ${was}${name in after ? short(name, after[name]) : "–"}`;
  });
}

function short(name, value) {
  const text = Array.isArray(value) ? value.join(", ") : detailText(name, value);
  return text.length > MOST_CHARS ? `${text.slice(0, MOST_CHARS)}…` : text;
}

/**
 * The list item of an entry. `isAlone`: the list is about one thing, so it need not be named. `only(author)`, where
 * given, shows only what one author did.
 */
export function auditItem(entry, { isAlone = false, only = null } = {}) {
  const details = element(
    "details",
    { toggle: () => details.open && details.childElementCount === 1 && details.append(opened(entry, only)) },
    element(
      "summary",
      {},
      element("time", { datetime: entry.at }, moment(entry.at)),
      element("span", { class: "what", "data-action": entry.action }, ACTIONS[entry.action] ?? words(entry.action)),
      element("span", { class: "who" }, entry.author),
      element("span", { class: "gist" }, changesOf(entry).join(" · ")),
    ),
  );
  return element("li", { class: isAlone ? "alone" : null }, details);
}

function opened(entry, only) {
  const { subject_id, action, author, author_id, request_id, before, after, before_in_words: was, after_in_words: is } = entry;
  const isJourney = action.startsWith("journey_") || action.startsWith("change_");
  const subject = isJourney ? element("a", { href: hrefTo({ journey: subject_id }) }, "the journey") : subject_id;
  const fact = (name, ...value) => element("div", {}, element("dt", {}, name), element("dd", {}, value));
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  const isInWords = was.length + is.length > 0;
  const changed = isInWords
    ? [fact("Until then", sentences(was)), fact("From then on", sentences(is))]
    : names.map((name) => fact(words(name), `${detailText(name, before[name])} → ${detailText(name, after[name])}`));
  return element(
    "div",
    { class: "opened" },
    element("dl", { class: "details" }, changed, fact("About", subject), fact("By", `${author} (${author_id})`), request_id ? fact("Request", request_id) : null),
    only ? element("button", { type: "button", class: "link", click: () => only(entry) }, `Only what ${author} did`) : null,
  );
}

const sentences = (said) => element("ul", {}, said.map(({ sentence }) => element("li", {}, `${sentence}.`)));
