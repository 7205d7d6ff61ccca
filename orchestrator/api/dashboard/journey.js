// The view of one journey.

import { Activities } from "/dashboard/activities.js";
import { Channels } from "/dashboard/channels.js";
import { Comparison } from "/dashboard/comparison.js";
import { element } from "/dashboard/element.js";
import { JourneyHeader } from "/dashboard/journey-header.js";
import { figuresOver, PeriodChoice, periodNamed } from "/dashboard/period.js";
import { Reasons } from "/dashboard/reasons.js";
import { Tiles } from "/dashboard/tiles.js";
import { Trend } from "/dashboard/trend.js";
import { Verdict } from "/dashboard/verdict.js";

export class JourneyView {
  #client;
  #id;
  #period;
  #shown = "";
  #header;
  #choice;
  #verdict = new Verdict();
  #tiles = new Tiles();
  #trend = new Trend();
  #comparison = new Comparison();
  #reasons = new Reasons();
  #channels = new Channels();
  #activities;

  /** `shell` offers leave(), refresh(), and rememberPeriod(name). */
  constructor(client, { id, period }, shell) {
    this.#client = client;
    this.#id = id;
    this.#period = periodNamed(period);
    this.#header = new JourneyHeader(client, shell.refresh, shell.leave);
    this.#choice = new PeriodChoice(this.#period, (chosen) => {
      this.#period = chosen;
      shell.rememberPeriod(chosen.name);
      shell.refresh();
    });
    this.#activities = new Activities(client, id);
    this.node = element(
      "div",
      { class: "journey", "aria-busy": "true" },
      this.#header.node,
      this.#verdict.node,
      this.#choice.node,
      this.#tiles.node,
      this.#trend.node,
      this.#comparison.node,
      element("div", { class: "side-by-side" }, this.#reasons.node, this.#channels.node),
      this.#activities.node,
    );
  }

  /** Reads everything anew; returns the time the figures are of. */
  async refresh(workspace) {
    const period = this.#period;
    const [journey, metrics] = await Promise.all([
      this.#client.journey(this.#id),
      figuresOver(this.#client, this.#id, period),
      this.#activities.refresh(),
    ]);
    this.#header.update(journey, workspace.role !== "viewer");
    if (period === this.#period) this.#show(metrics);
    this.node.setAttribute("aria-busy", "false");
    return metrics.generated_at;
  }

  destroy() {
    this.#trend.destroy();
  }

  /** Draws the figures if they differ from what is on the page. */
  #show({ generated_at: _, ...metrics }) {
    const shown = JSON.stringify(metrics);
    if (shown === this.#shown) return;
    this.#shown = shown;
    for (const part of [this.#choice, this.#verdict, this.#tiles, this.#trend, this.#comparison, this.#reasons, this.#channels]) {
      part.update(metrics);
    }
  }
}
