// Treatment against control: the difference, what it brought and cost, whether it did harm, and what experiments learn.

import { Comparison } from "/dashboard/comparison.js";
import { Downloads, REPORTS } from "/dashboard/downloads.js";
import { element } from "/dashboard/element.js";
import { Experiments } from "/dashboard/experiments.js";
import { Gain } from "/dashboard/gain.js";
import { Kept } from "/dashboard/kept.js";
import { wholeLife } from "/dashboard/period.js";
import { Safety } from "/dashboard/safety.js";
import { Verdict } from "/dashboard/verdict.js";

const SLOW_MS = 10_000;

export class JourneyCompare {
  #client;
  #id;
  #shown = "";
  #zone = null;
  #verdict = new Verdict();
  #gain = new Gain();
  #comparison = new Comparison();
  #safety = new Safety();
  #experiments = new Experiments();
  #learnt;

  constructor(client, id) {
    this.#client = client;
    this.#id = id;
    this.#learnt = new Kept(() => client.experiments(id), SLOW_MS);
    const downloads = new Downloads(client, {
      label: "Export the whole life",
      formats: REPORTS,
      source: () => ({ path: client.journeyExport(id), query: { whole_life: true, zone: this.#zone } }),
    });
    this.node = element(
      "div",
      { class: "journey" },
      this.#verdict.node,
      this.#gain.node,
      this.#comparison.node,
      this.#safety.node,
      this.#experiments.node,
      element("section", { class: "panel", "aria-label": "Export" }, downloads.node),
    );
  }

  /** A comparison is of a journey's whole life, so the days chosen elsewhere do not matter here. */
  async refresh({ period }) {
    this.#zone = period.zone;
    const [metrics, experiments] = await Promise.all([
      wholeLife(this.#client, this.#id, period.zone),
      this.#learnt.value(),
    ]);
    const { generated_at, days: _, ...figures } = metrics;
    const shown = JSON.stringify([figures, experiments]);
    if (shown !== this.#shown) {
      this.#shown = shown;
      for (const part of [this.#verdict, this.#gain, this.#comparison, this.#safety]) part.update(figures);
      this.#experiments.update(experiments, figures);
    }
    return generated_at;
  }

  destroy() {}
}
