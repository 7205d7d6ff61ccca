// Why messages were held back, customers refused, and runs ended: each reason with its count and share.

import { element } from "/dashboard/element.js";
import { count, percent, share, words } from "/dashboard/format.js";
import { Table } from "/dashboard/table.js";

const NAMES = {
  __proto__: null, // a reason may be called "constructor"
  frequency_cap: "Frequency cap",
  quiet_hours: "Quiet hours",
  consent: "No consent",
  minimum_gap: "Minimum gap",
  channel_suppressed: "Channel suppressed",
  message_expired: "Message expired",
  journey_paused: "Journey paused",
  audience: "Not in the audience",
  missing_key: "No entry key",
  under_way: "Already under way",
  re_entry: "Was here before",
  goal: "Reached the goal",
  expired: "Run expired",
  holdout: "Holdout",
  goal_reached: "Reached the goal",
};
export const reasonName = (reason) => NAMES[reason] ?? words(reason);

export class Reasons {
  #suppressed = reasonTable("Sends suppressed, by rule", "of suppressed sends", "No send was suppressed.");
  #refused = reasonTable("Entries refused, by rule", "of refused entries", "No entry was refused.");
  #exits = reasonTable("Runs ended early, by reason", "of runs ended early", "No run ended early.");
  #deferred = reasonTable("Sends put off, by rule", "of sends put off", "No send was put off.");
  node = element(
    "section",
    { class: "panel", "aria-labelledby": "reasons-title" },
    element("h2", { id: "reasons-title" }, "Guardrails and reasons"),
    element("div", { class: "columns" }, this.#suppressed.node, this.#deferred.node, this.#refused.node, this.#exits.node),
  );

  update({ totals }) {
    this.#suppressed.setRows(reasonRows(totals.suppressed_by_rule));
    this.#deferred.setRows(reasonRows(totals.deferred_by_rule));
    this.#refused.setRows(reasonRows(totals.refused_by_rule));
    this.#exits.setRows(reasonRows(totals.exits_by_reason));
  }
}

/** A table of reasons. */
export function reasonTable(caption, denominator, empty) {
  const columns = [{ label: "Reason" }, { label: "Count", numeric: true }, { label: "Share", note: denominator, numeric: true }];
  return new Table({ caption, columns, empty, isStacking: false });
}

/** Its rows, from counts by reason. */
export function reasonRows(counts) {
  const entries = Object.entries(counts ?? {}).sort(([, a], [, b]) => b - a);
  const all = entries.reduce((sum, [, value]) => sum + value, 0);
  return entries.map(([reason, value]) => [reasonName(reason), count(value), shareBar(share(value, all))]);
}

function shareBar(fraction) {
  const bar = element("span", { class: "share-bar", "aria-hidden": "true" });
  bar.style.setProperty("--share", String(fraction ?? 0));
  return element("span", { class: "share" }, bar, percent(fraction));
}
