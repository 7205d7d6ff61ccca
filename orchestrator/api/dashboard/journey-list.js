// All journeys of the workspace, each with the figures of its last days that have any.

import { element } from "/dashboard/element.js";
import { change, count, dayRange, percent, share } from "/dashboard/format.js";
import { Problem } from "/dashboard/problem.js";
import { statusChip } from "/dashboard/status.js";
import { figure, Table } from "/dashboard/table.js";

/** The list carries no figures, so each journey is asked for its own: the missing ones first, then by turns. */
const AT_ONCE = 4;
const MOST_PAGES = 10;

export class JourneyList {
  #client;
  #open;
  #journeys = [];
  #figures = new Map(); // id → answer of the metrics endpoint
  #turn = 0;
  #shown = "";
  #table = new Table({
    caption: "Figures are of each journey's last 30 days that have any (UTC days); the uplift is of its whole life.",
    columns: [
      { label: "Journey" },
      { label: "Status" },
      { label: "Campaign" },
      { label: "Entered", numeric: true },
      { label: "Sends", numeric: true },
      { label: "Conversions", note: "rate of customers", numeric: true },
      { label: "Uplift", note: "against holdout", numeric: true },
      { label: "Days", numeric: true },
    ],
    empty: "No journeys yet. Create one with POST to the API; it then appears here by itself.",
  });

  /** `open(id)` shows a journey. */
  constructor(client, open) {
    this.#client = client;
    this.#open = open;
    document.title = "Journeys";
    this.node = element(
      "section",
      { class: "panel list", "aria-labelledby": "list-title", "aria-busy": "true" },
      element("h1", { id: "list-title" }, "Journeys"),
      this.#table.node,
    );
  }

  /** Reads the list and some of the figures; returns the time of the newest. */
  async refresh() {
    this.#journeys = await this.#allJourneys();
    this.#draw();
    const missing = this.#journeys.filter(({ id }) => !this.#figures.has(id));
    for (let at = 0; at < missing.length; at += AT_ONCE) await this.#read(missing.slice(at, at + AT_ONCE));
    if (missing.length === 0) await this.#read(this.#nextInTurn());
    this.node.setAttribute("aria-busy", "false");
    return [...this.#figures.values()].map(({ generated_at }) => generated_at).sort().at(-1) ?? new Date().toISOString();
  }

  destroy() {}

  async #allJourneys() {
    const journeys = [];
    let cursor = null;
    for (let page = 0; page < MOST_PAGES; page += 1) {
      const { items, next_cursor } = await this.#client.journeys(cursor);
      journeys.push(...items);
      cursor = next_cursor;
      if (cursor === null) break;
    }
    return journeys;
  }

  #nextInTurn() {
    const ids = this.#journeys.length;
    const chosen = Array.from({ length: Math.min(AT_ONCE, ids) }, (_, step) => this.#journeys[(this.#turn + step) % ids]);
    this.#turn = ids > 0 ? (this.#turn + AT_ONCE) % ids : 0;
    return chosen;
  }

  async #read(journeys) {
    await Promise.all(
      journeys.map(async ({ id }) => {
        try {
          this.#figures.set(id, await this.#client.metrics(id));
        } catch (error) {
          if (!(error instanceof Problem && error.status === 404)) throw error; // gone since the list was read
        }
      }),
    );
    this.#draw();
  }

  #draw() {
    const figures = this.#journeys.map(({ id }) => this.#figures.get(id) ?? null);
    const shown = JSON.stringify([this.#journeys, figures.map((each) => each && [each.totals, each.comparison])]);
    if (shown === this.#shown) return;
    this.#shown = shown;
    const focused = document.activeElement?.closest?.("[data-journey]")?.dataset.journey;
    this.#table.setRows(this.#journeys.map((journey, at) => this.#row(journey, figures[at])));
    if (focused) this.node.querySelector(`[data-journey="${CSS.escape(focused)}"]`)?.focus();
  }

  #row(journey, metrics) {
    const name = element("a", { href: `#journey=${encodeURIComponent(journey.id)}`, "data-journey": journey.id, click: (event) => this.#follow(event, journey.id) }, journey.name);
    const known = [name, statusChip(journey), journey.campaign_id ?? "–"];
    if (!metrics) return [...known, "…", "…", "…", "…", "…"];
    const { totals, comparison, from, to } = metrics;
    const rate = share(totals.customers_converted, totals.customers);
    const days = totals.entered + totals.sends + totals.conversions > 0 ? dayRange(from, to) : "–";
    return [
      ...known,
      count(totals.entered),
      count(totals.sends),
      figure(count(totals.conversions), percent(rate)),
      upliftOf(comparison),
      element("span", { class: "soft" }, days),
    ];
  }

  #follow(event, id) {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    this.#open(id);
  }
}

function upliftOf(comparison) {
  if (!comparison) return "–";
  if (comparison.finding === "sample_ratio_mismatch") return figure("not to be trusted", "sample ratio");
  const effect = comparison.conversion;
  if (!effect) return figure("–", comparison.holdout ? "" : "no holdout");
  if (effect.relative === null || effect.relative_anytime_low === null) return "–";
  const range = `${change(effect.relative_anytime_low)} to ${change(effect.relative_anytime_high)}`;
  return figure(change(effect.relative), range);
}
