// Who changed what: entries of the audit in words.

import { hrefTo } from "/dashboard/address.js";
import { detailText } from "/dashboard/activity.js";
import { element } from "/dashboard/element.js";
import { moment, words } from "/dashboard/format.js";
import { auditedChanges } from "/dashboard/settings-words.js";
import { statusWord } from "/dashboard/status.js";

const ACTIONS = {
  journey_created: "Journey created",
  journey_changed: "Journey changed",
  workspace_changed: "Settings changed",
  key_created: "Key created",
  key_revoked: "Key revoked",
  subscription_created: "Subscription created",
  subscription_deleted: "Subscription deleted",
  change_proposed: "Change proposed",
  change_approved: "Change approved",
  change_rejected: "Change rejected",
  erasure_requested: "Erasure requested",
  backtest_started: "Backtest started",
  backtest_cancelled: "Backtest cancelled",
  hook_created: "Webhook created",
  hook_changed: "Webhook changed",
  hook_deleted: "Webhook deleted",
};
const MOST_CHARS = 80; // of a value in the line that sums a change up

const NOT_TOLD = ["proposal", "backtest"]; // ids
const FIELDS = {
  campaign_id: "Campaign",
  config: "Definition",
  drain: "Customers under way finish",
  fields: "Asked to change",
  guardrails: "Limits",
  holdout_percent: "Holdout over all journeys, in percent",
  is_enabled: "Taken in",
  is_sending: "Sending",
  mapping_sha256: "Mapping",
  needs_approval: "A second person approves",
  paused_reason: "Paused by itself",
};
const fieldName = (name) => FIELDS[name] ?? words(name);
const isEmpty = (value) => value === null || value === "" || value === false;
const TURNS = { DRAFT: "Journey is a draft", ACTIVE: "Journey activated", PAUSED: "Journey paused", STOPPED: "Journey stopped", ARCHIVED: "Journey archived" };

/** What was done, as one says it. */
function deedOf({ action, before, after }) {
  if (action === "workspace_changed" && "is_sending" in after) return after.is_sending ? "Sending allowed again" : "All sending stopped";
  if (action !== "journey_changed") return ACTIONS[action] ?? words(action);
  if ("version" in after) return `Version ${after.version} published`;
  if ("status" in after) return after.status === "ACTIVE" && before.status === "PAUSED" ? "Journey resumed" : (TURNS[after.status] ?? ACTIONS.journey_changed);
  return ACTIONS.journey_changed;
}

/** "Status: Active → Paused" for every field that differs; of something new, what it has; of settings, what they said. */
function changesOf(entry) {
  const said = auditedChanges(entry);
  if (said.length > 0) return said;
  const { before, after, journey_name } = entry;
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  const isNamed = (name) => name === "name" && !(name in before) && after.name === journey_name; // it stands beside
  const told = names.filter((name) => !NOT_TOLD.includes(name) && !isNamed(name) && (isTold(before[name]) || isTold(after[name])));
  return told.map((name) => {
    const was = name in before ? `${short(name, before[name])} → ` : "";
    return `${fieldName(name)}: ${was}${name in after ? short(name, after[name]) : "–"}`;
  });
}

/** Nothing that became nothing else is no news; what was switched on or off is. */
const isTold = (value) => value !== undefined && !isEmpty(value);

function short(name, value) {
  const text = inWords(name, value);
  return text.length > MOST_CHARS ? `${text.slice(0, MOST_CHARS)}…` : text;
}

function inWords(name, value) {
  if (Array.isArray(value)) return value.map(fieldName).join(", ");
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (name === "status" && typeof value === "string") return statusWord({ status: value });
  return detailText(name, value);
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
      element("span", { class: "what", "data-action": entry.action }, deedOf(entry)),
      element("span", { class: "who" }, entry.author),
      element("span", { class: "gist" }, isAlone || !entry.journey_name ? null : element("strong", {}, `${entry.journey_name}  `), changesOf(entry).join(" · ")),
    ),
  );
  return element("li", { class: isAlone ? "alone" : null }, details);
}

function opened(entry, only) {
  const { subject_id, journey_name, author, author_id, request_id, before, after, before_in_words: was, after_in_words: is } = entry;
  const subject = journey_name ? element("a", { href: hrefTo({ journey: subject_id }) }, journey_name) : subject_id;
  const fact = (name, ...value) => element("div", {}, element("dt", {}, name), element("dd", {}, value));
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  const isInWords = was.length + is.length > 0;
  const changed = isInWords
    ? [fact("Until then", sentences(was)), fact("From then on", sentences(is))]
    : names.map((name) => fact(fieldName(name), `${inWords(name, before[name])} → ${inWords(name, after[name])}`));
  return element(
    "div",
    { class: "opened" },
    element("dl", { class: "details" }, changed, fact("About", subject), fact("By", `${author} (${author_id})`), request_id ? fact("Request", request_id) : null),
    only ? element("button", { type: "button", class: "link", click: () => only(entry) }, `Only what ${author} did`) : null,
  );
}

const sentences = (said) => element("ul", {}, said.map(({ sentence }) => element("li", {}, `${sentence}.`)));
