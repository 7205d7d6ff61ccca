// A change that waits for a second person: what it would do, and the decision.

import { hrefTo } from "/dashboard/address.js";
import { confirmed } from "/dashboard/confirmation.js";
import { differenceView } from "/dashboard/difference.js";
import { element } from "/dashboard/element.js";
import { moment } from "/dashboard/format.js";
import { explain } from "/dashboard/problem.js";
import { changeLists, changesInWords } from "/dashboard/settings-words.js";
import { changeTo } from "/dashboard/status.js";

const STATUS = { open: "Waits", approved: "Approved", rejected: "Rejected" };
const POLICIES = {
  pin: "customers under way finish as they began",
  follow: "customers under way go over to the new version",
  map: "customers under way go over, to the steps chosen",
  drain: "customers under way go on as they began, until a moment",
};

/** What becomes of customers under way, in the words in which whoever publishes is asked. */
function fateOf(inFlight) {
  const fate = POLICIES[inFlight?.policy ?? "pin"];
  return inFlight?.until ? `${fate.replace("a moment", moment(inFlight.until))}; whoever is still on an old version then leaves` : fate;
}

/** What a change would do, in words. */
function proposedWords({ status, name, campaign_id, config, in_flight }) {
  const said = [];
  if (config) said.push(status === "ACTIVE" ? "publish another definition" : `publish another definition: ${fateOf(in_flight)}`);
  if (status) said.push(status === "ACTIVE" ? "start the journey" : `${changeTo(status).verb.toLowerCase()} the journey`);
  if (name) said.push(`name it “${name}”`);
  if (campaign_id) said.push(`put it on the campaign ${campaign_id}`);
  const text = said.join(", and ");
  return text ? `${text.charAt(0).toUpperCase()}${text.slice(1)}.` : "Change nothing.";
}

/** The list item of a proposal. `role` is the caller's; `decided()` is called after a decision. */
export function proposalItem(proposal, { client, role, decided }) {
  const { journey_id, change, author, created_at, status, reason, decided_by, decided_at, is_stale } = proposal;
  const said = element("p", { class: "effect", role: "status" });
  const isOpen = status === "open";
  const node = element(
    "li",
    { class: "proposal", "data-status": status },
    element(
      "div",
      { class: "gauge-head" },
      element("a", { href: hrefTo(change ? { journey: journey_id } : { page: "settings" }) }, subjectOf(proposal)),
      element("span", { class: "chip", "data-tone": { open: "warning", approved: "good", rejected: "bad" }[status] }, STATUS[status] ?? status),
    ),
    change ? element("p", {}, proposedWords(change)) : changeLists(settingsChanges(proposal), "h2"),
    element("p", { class: "footnote" }, `Proposed by ${author}, ${moment(created_at)}.`),
    isOpen ? null : element("p", { class: "footnote" }, `${STATUS[status]} by ${decided_by}, ${moment(decided_at)}${reason ? `: ${reason}` : "."}`),
    is_stale ? element("p", { class: "failed" }, change ? "The journey has changed since, so this cannot be approved any more: reject it and propose it anew." : "The settings have changed since, so this cannot be approved any more: reject it and propose it anew.") : null,
    change?.config && isOpen ? difference(client, proposal) : null,
    isOpen && role !== "viewer" ? decisions(proposal, { client, role, decided, said, find: () => node }) : null,
    said,
  );
  return node;
}

/** What a proposal is about, by name. */
const subjectOf = ({ change, journey_name }) => (change ? journey_name : "Settings for every journey");

/** What would become of the settings, as in the dialog where it was proposed. */
function settingsChanges({ settings }) {
  const { before, after, before_in_words: was, after_in_words: is } = settings;
  return changesInWords({ settings: before, words: was }, { settings: after, words: is });
}

/** The definition proposed against the journey's own, read when somebody opens it. */
function difference(client, { journey_id, change }) {
  const details = element("details", { toggle: () => details.open && details.childElementCount === 1 && show() }, element("summary", {}, "What differs from the definition in force"));
  const show = async () => {
    const place = element("div", {}, "…");
    details.append(place);
    try {
      const { config } = await client.journey(journey_id);
      place.replaceChildren(differenceView(config, change.config));
    } catch (error) {
      place.replaceChildren(element("p", { class: "failed" }, explain(error)));
    }
  };
  return details;
}

function decisions(proposal, { client, role, decided, said, find }) {
  const { id, change, is_stale } = proposal;
  const about = subjectOf(proposal);
  const decides = role === "approver" || role === "admin";
  const decide = async (ask, carryOut) => {
    const reason = await confirmed(ask);
    if (reason === null) return;
    const buttons = find().querySelectorAll("button");
    for (const button of buttons) button.disabled = true;
    try {
      await carryOut(id, reason);
      decided();
    } catch (error) {
      said.className = "effect failed";
      said.textContent = explain(error);
      for (const button of buttons) button.disabled = false;
    }
  };
  const approve = () =>
    decide(
      {
        title: `Approve for “${about}”?`,
        text: change ? `${proposedWords(change)} It happens at once.` : "It holds at once, also for customers under way.",
        details: change ? null : changeLists(settingsChanges(proposal)),
        verb: "Approve",
        reason: { label: "Reason (may be left out)", isRequired: false },
      },
      client.approve,
    );
  const verb = decides ? "Reject" : "Withdraw";
  const reject = () =>
    decide(
      { title: `${verb} the change of “${about}”?`, text: "Nothing changes; whoever proposed it can read why.", verb, isGrave: true, reason: { label: "Reason", isRequired: true } },
      client.reject,
    );
  return element(
    "div",
    { class: "actions" },
    decides && !is_stale ? element("button", { type: "button", class: "button primary", click: approve }, "Approve") : null,
    element("button", { type: "button", class: "button", click: reject }, verb),
  );
}
