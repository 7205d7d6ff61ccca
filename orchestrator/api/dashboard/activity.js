// One activity: what it is called, and what it comes to in a few words.

import { channelName } from "/dashboard/channels.js";
import { element } from "/dashboard/element.js";
import { money, moment, onOurClock, words } from "/dashboard/format.js";
import { reasonName } from "/dashboard/reasons.js";

export const TYPES = {
  journey_entered: "Entered",
  entry_refused: "Entry refused",
  step_passed: "Step passed",
  wait_started: "Wait started",
  send_requested: "Send requested",
  send_suppressed: "Send suppressed",
  send_deferred: "Send deferred",
  goal_reached: "Goal reached",
  run_exited: "Left early",
  run_completed: "Completed",
  message_reported: "Message reported",
  webhook_requested: "Webhook called",
  run_migrated: "Moved to a new version",
  run_adopted: "Came with a merged customer",
};
const typeName = (type) => TYPES[type] ?? words(type);

/** A few words on what decided, from the details of the activity. */
export function gist({ type, details }) {
  const channel = details.channel ? channelName(details.channel) : null;
  const joined = (...parts) => parts.filter((part) => part !== null && part !== undefined && part !== "").join(" · ");
  switch (type) {
    case "send_requested":
      return joined(channel, details.template);
    case "send_suppressed":
    case "send_deferred":
      return joined(channel, details.rule ? reasonName(details.rule) : null);
    case "entry_refused":
      return joined(details.rule ? reasonName(details.rule) : null);
    case "message_reported":
      return joined(channel, details.outcome ? words(details.outcome) : null);
    case "goal_reached":
      return joined(details.event_type, typeof details.value === "number" && details.value > 0 ? money(details.value) : null);
    case "run_exited":
    case "run_completed":
      return joined(details.reason ? reasonName(details.reason) : null);
    case "wait_started":
      return typeof details.until_ms === "number" ? `until ${moment(new Date(details.until_ms).toISOString())}` : "";
    case "step_passed":
      return joined(details.kind ? words(details.kind) : null, details.next ? `to ${details.next}` : null);
    default:
      return "";
  }
}

/** The list item of an activity; its details open on demand and are built only then. `tell(customer)` opens a story. */
export function activityItem(activity, tell) {
  const { type, customer_id, step, arm, at } = activity;
  const details = element(
    "details",
    { toggle: () => details.open && details.childElementCount === 1 && details.append(detailsOf(activity, tell)) },
    element(
      "summary",
      {},
      element("time", { datetime: at }, moment(at)),
      element("span", { class: "what", "data-type": type }, typeName(type)),
      element("span", { class: "who" }, customer_id),
      element("span", { class: "where" }, step ? `at ${step}` : ""),
      element("span", { class: "gist" }, gist(activity)),
      arm ? element("span", { class: "arm", "data-arm": arm }, words(arm)) : null,
    ),
  );
  return element("li", {}, details);
}

function detailsOf({ sentence, details, customer_id, run_id, version, cause, id }, tell) {
  const why = customer_id ? element("button", { type: "button", class: "link", click: () => tell(customer_id) }, "Why this customer got what they got") : null;
  return element("div", { class: "opened" }, element("p", { class: "sentence" }, onOurClock(sentence)), why, technical({ ...details, run: run_id, version, "caused by": cause || "–", activity: id }));
}

/** What is on record, for whoever looks into the machine: it opens on demand and is written only then. */
export function technical(facts) {
  const written = () => element("dl", { class: "details" }, Object.entries(facts).map(([name, value]) => element("div", {}, element("dt", {}, words(name)), element("dd", {}, detailText(name, value)))));
  const details = element("details", { class: "technical", toggle: () => details.open && details.childElementCount === 1 && details.append(written()) }, element("summary", {}, "Technical"));
  return details;
}

/** A value of the details as text; moments on the page's clock. */
export function detailText(name, value) {
  if (name.endsWith("_ms") && typeof value === "number" && value > 1e11) return moment(new Date(value).toISOString());
  if (value === null || value === undefined || value === "") return "–";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}
