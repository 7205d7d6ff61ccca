// A journey at a glance: what it comes to, its figures by day, step, channel and reason, its limits, and files of them.

import { Channels } from "/dashboard/channels.js";
import { Draft } from "/dashboard/draft.js";
import { Downloads, REPORTS } from "/dashboard/downloads.js";
import { element } from "/dashboard/element.js";
import { Gauges } from "/dashboard/gauges.js";
import { Kept } from "/dashboard/kept.js";
import { figuresOver } from "/dashboard/period.js";
import { Reasons } from "/dashboard/reasons.js";
import { StepTable } from "/dashboard/step-table.js";
import { Tiles } from "/dashboard/tiles.js";
import { Trend } from "/dashboard/trend.js";
import { Verdict } from "/dashboard/verdict.js";
import { Waiting } from "/dashboard/waiting.js";

const SLOW_MS = 10_000; // where customers stand and how far limits are used is read again after this long

export class JourneyOverview {
  #client;
  #id;
  #shown = "";
  #days = { from: null, to: null, zone: null };
  #draft = new Draft();
  #waiting;
  #verdict = new Verdict();
  #tiles = new Tiles();
  #trend = new Trend();
  #steps = new StepTable();
  #channels = new Channels();
  #reasons = new Reasons();
  #gauges = new Gauges();
  #positions;
  #guardrails;
  #figures;

  constructor(client, id) {
    this.#client = client;
    this.#id = id;
    this.#waiting = new Waiting(client);
    this.#positions = new Kept(() => client.positions(id), SLOW_MS);
    this.#guardrails = new Kept(() => client.guardrails(id), SLOW_MS);
    const downloads = new Downloads(client, {
      label: "Export these days",
      formats: REPORTS,
      source: () => ({ path: client.journeyExport(id), query: this.#days }),
    });
    this.#figures = element(
      "div",
      { class: "journey" },
      this.#verdict.node,
      this.#waiting.node,
      this.#tiles.node,
      this.#trend.node,
      this.#steps.node,
      this.#channels.node,
      this.#reasons.node,
      this.#gauges.node,
      element("section", { class: "panel", "aria-label": "Export" }, downloads.node),
    );
    this.node = element("div", { class: "journey" }, this.#draft.node, this.#figures);
  }

  /** The figures shown, for whoever wants to tell their days; null before the first, and of a draft. */
  report = null;

  /** Reads everything anew; returns the time the figures are of. */
  async refresh({ journey: asked, period }) {
    const [journey, metrics, positions, guardrails] = await Promise.all([
      asked,
      figuresOver(this.#client, this.#id, period),
      this.#positions.value(),
      this.#guardrails.value(),
    ]);
    const isDraft = journey.status === "DRAFT";
    this.#draft.node.hidden = !isDraft;
    this.#figures.hidden = isDraft;
    if (isDraft) {
      this.#draft.update(this.#id);
      return metrics.generated_at;
    }
    this.#days = { from: metrics.from, to: metrics.to, zone: period.zone === "UTC" ? null : period.zone };
    const { generated_at: _, ...figures } = metrics;
    const shown = JSON.stringify([figures, positions, guardrails, journey.version]);
    if (shown !== this.#shown) {
      this.#shown = shown;
      for (const part of [this.#verdict, this.#trend, this.#channels, this.#reasons]) part.update(figures);
      this.#tiles.update(figures, positions);
      this.#steps.update(journey.config, figures, positions);
      this.#gauges.update(guardrails);
    }
    this.#waiting.update(journey, figures, positions);
    this.report = metrics;
    return metrics.generated_at;
  }

  destroy() {
    this.#trend.destroy();
  }
}
