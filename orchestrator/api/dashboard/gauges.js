// The limits that hold for a journey: each rule in words, how much of it is used, and what it held back.

import { element } from "/dashboard/element.js";
import { amount, counted, moment, percent } from "/dashboard/format.js";

const KINDS = {
  cap: "Frequency cap",
  gap: "Minimum gap",
  quiet_hours: "Quiet hours",
  consent: "Consent",
  rate: "Rate",
  budget: "Budget",
  brake: "Brake",
  capacity: "Capacity",
  holdout: "Holdout",
  kill_switch: "All sending",
};
const NEAR = 0.8; // of a limit: from here on it is said to be close

export class Gauges {
  #list = element("ul", { class: "gauges" });
  #none = element("p", { class: "empty" }, "Neither the journey nor the workspace sets a limit.");
  node = element(
    "section",
    { class: "panel", "aria-labelledby": "gauges-title" },
    element("h2", { id: "gauges-title" }, "Limits and budgets"),
    this.#list,
    this.#none,
    element("p", { class: "footnote" }, "As it stands now, whatever days are shown."),
  );

  update({ items }) {
    this.#list.replaceChildren(...items.map(gauge));
    this.#none.hidden = items.length > 0;
  }
}

/** How full a limit is: a tone for the bar and the word that says the same. */
export function stateOf({ kind, is_reached, share, is_off_plan }) {
  if (kind === "kill_switch") return is_reached ? { tone: "bad", word: "Nothing is sent" } : { tone: "good", word: "Sending" };
  if (kind === "holdout" && is_off_plan !== null) return is_off_plan ? { tone: "warning", word: "Not as planned" } : { tone: "good", word: "As planned" };
  if (is_reached) return { tone: "bad", word: "Reached" };
  if (share !== null && share >= NEAR) return { tone: "warning", word: "Close" };
  return { tone: "good", word: share === null ? "In force" : "Within" };
}

function gauge(item) {
  const { kind, of, sentence, limit, used, share, held_back } = item;
  const { tone, word } = stateOf(item);
  const isMeasured = limit !== null && used !== null && share !== null;
  return element(
    "li",
    { class: "gauge", "data-kind": kind, "data-tone": tone },
    element(
      "div",
      { class: "gauge-head" },
      element("span", { class: "gauge-kind" }, KINDS[kind] ?? kind),
      element("span", { class: "soft" }, of === "workspace" ? "whole workspace" : "this journey"),
      element("span", { class: "chip", "data-tone": tone }, word),
    ),
    element("p", {}, sentence),
    isMeasured ? bar(share, usedText(item), KINDS[kind] ?? kind) : null,
    element("p", { class: "footnote" }, [plannedText(item), spanOf(item), held_back > 0 ? `${counted(held_back, "message")} held back in the last 24 hours.` : ""].filter(Boolean).join(" ")),
  );
}

function usedText({ kind, used, limit, share }) {
  if (kind === "brake") return `${percent(used / 100)}, limit ${percent(limit / 100)}`;
  return `${amount(used)} of ${amount(limit)} (${percent(share)})`;
}

/** A holdout is no limit: who is held out is drawn by lot, so its share comes near the plan and rarely meets it. */
function plannedText({ kind, used, limit, is_off_plan }) {
  if (kind !== "holdout" || used === null) return "";
  const both = `Planned ${percent(limit / 100)}, so far ${percent(used / 100)}`;
  return is_off_plan ? `${both}: more than chance would bring about, so do not trust the comparison.` : `${both}: as near as chance brings it.`;
}

function bar(share, text, name) {
  const fill = element("span", { class: "meter-fill" });
  fill.style.setProperty("--share", String(Math.max(0, Math.min(1, share))));
  return element(
    "div",
    { class: "gauge-bar" },
    element("span", { class: "meter", role: "meter", "aria-label": name, "aria-valuemin": 0, "aria-valuemax": 100, "aria-valuenow": Math.round(Math.min(1, share) * 100), "aria-valuetext": text }, fill),
    element("span", { class: "gauge-text" }, text),
  );
}

function spanOf({ since, until }) {
  if (since && until) return `From ${moment(since)} to ${moment(until)}.`;
  if (since) return `Since ${moment(since)}.`;
  return until ? `Until ${moment(until)}.` : "";
}
