// The canvas: a journey's picture with what happens at each step, and where customers are lost.

import { CanvasDetails } from "/dashboard/canvas-details.js";
import { countLines, doneAt, dropOffSentence, figuresByStep } from "/dashboard/canvas-figures.js";
import { element } from "/dashboard/element.js";
import { count, counted, dayRange, moment, percent, share } from "/dashboard/format.js";
import { figuresOver } from "/dashboard/period.js";
import { stepWords } from "/dashboard/picture-words.js";
import { Picture } from "/dashboard/picture.js";
import { explain } from "/dashboard/problem.js";
import { Table } from "/dashboard/table.js";

export class Canvas {
  #client;
  #journeyId;
  #period = null;
  #version = null; // chosen by the reader; null: the current one
  #read = null; // {journey, definition, version, figures, metrics, positions}
  #open = null; // step that is open; "" is the entry
  #shown = "";
  #offered = "";
  #finding = element("p", { class: "canvas-finding", role: "status" });
  #others = element("p", { class: "canvas-others", hidden: true });
  #legend = element("p", { class: "canvas-legend" });
  #about = element("p", { class: "footnote" });
  #versions = element("select", { id: "canvas-version", change: () => this.#choose() });
  #choice = element("div", { class: "filters", hidden: true }, element("label", { for: "canvas-version" }, "Version"), this.#versions);
  #details = new CanvasDetails(() => this.#close());
  #picture = new Picture({ label: "Picture of the journey with counts", choose: (step) => this.#openStep(step ?? "") });
  #table = new Table({
    caption: "What happened at each step",
    columns: [
      { label: "Step" },
      { label: "What it does" },
      { label: "Passed", numeric: true },
      { label: "Left early", note: "of passed and left", numeric: true },
      { label: "Sends", numeric: true },
      { label: "Suppressed", numeric: true },
      { label: "Put off", numeric: true },
      { label: "Waiting", note: "now, whatever days", numeric: true },
    ],
    empty: "This version has no steps.",
  });

  constructor(client, journeyId) {
    this.#client = client;
    this.#journeyId = journeyId;
    this.node = element(
      "section",
      { class: "panel canvas-view", "aria-labelledby": "canvas-title", "aria-busy": "true" },
      element("div", { class: "panel-head" }, element("h2", { id: "canvas-title" }, "Canvas"), this.#choice),
      this.#finding,
      this.#others,
      this.#legend,
      element("div", { class: "canvas-parts" }, this.#picture.node, this.#details.node),
      element("details", { class: "twin" }, element("summary", {}, "Show counts as table"), element("div", { class: "scrolling", tabindex: "0", role: "region", "aria-label": "Counts as a table" }, this.#table.node)),
      this.#about,
    );
  }

  /** The figures shown, for whoever wants to tell their days; null before the first. */
  report = null;

  /** Reads everything anew; returns the time the figures are of. */
  async refresh({ period }) {
    const chosen = this.#version;
    this.#period = period;
    const [journey, { items: versions }, metrics, positions] = await Promise.all([
      this.#client.journey(this.#journeyId),
      this.#client.versions(this.#journeyId),
      figuresOver(this.#client, this.#journeyId, period),
      this.#client.positions(this.#journeyId),
    ]);
    const version = chosen ?? journey.version;
    const definition = version === journey.version ? journey.config : (await this.#client.version(this.#journeyId, version)).config;
    if (chosen !== this.#version) return metrics.generated_at; // chosen anew meanwhile
    const customers = customersByVersion(positions);
    this.#showVersions(journey, versions, customers);
    this.#others.textContent = onOtherVersions(version, versions, customers);
    this.#others.hidden = this.#others.textContent === "";
    this.#show({ definition, version, metrics, positions });
    this.report = metrics;
    this.node.setAttribute("aria-busy", "false");
    return positions.generated_at;
  }

  destroy() {
    this.#picture.destroy();
  }

  #show(read) {
    const { generated_at: _, ...metrics } = read.metrics;
    const { generated_at: __, ...positions } = read.positions;
    const shown = JSON.stringify([read.definition, read.version, metrics, positions]);
    if (shown === this.#shown) return;
    this.#shown = shown;
    const figures = figuresByStep(read);
    this.#read = { ...read, figures };
    this.#picture.update(read.definition, countLines(read, figures));
    this.#finding.textContent = dropOffSentence(read, figures);
    this.#table.setRows(Object.keys(read.definition.steps).map((step) => row(step, read.definition.steps[step], figures.get(step))));
    this.#legend.replaceChildren(...legend(read));
    this.#about.textContent = aboutCounts(read, figures);
    if (this.#open !== null) this.#details.show(this.#open, this.#read);
  }

  #openStep(step) {
    this.#open = step;
    this.#picture.mark(step);
    this.#details.show(step, this.#read);
    this.#details.focus();
  }

  #close() {
    const step = this.#open;
    this.#open = null;
    this.#picture.mark(null);
    this.#picture.focus(step);
  }

  /** Offers the current version and those that customers are still on. */
  #showVersions({ version: current }, versions, customers) {
    const known = new Set(versions.map(({ version }) => version));
    const offered = [...new Set([current, this.#version ?? current, ...customers.keys()])].filter((version) => version === current || known.has(version)).sort((a, b) => b - a);
    this.#choice.hidden = offered.length < 2;
    const shown = JSON.stringify([offered, ...customers]);
    if (shown === this.#offered) return;
    this.#offered = shown;
    const name = (version) => `${version}${version === current ? " (current)" : ""}: ${count(customers.get(version) ?? 0)} under way`;
    this.#versions.replaceChildren(...offered.map((version) => element("option", { value: version, selected: version === (this.#version ?? current) }, name(version))));
  }

  async #choose() {
    this.#version = Number(this.#versions.value);
    this.#open = null;
    this.#picture.mark(null);
    this.#details.hide();
    try {
      await this.refresh({ period: this.#period });
    } catch (error) {
      this.#finding.textContent = explain(error);
    }
  }
}

/** How many are under way on each version. */
function customersByVersion({ steps }) {
  const customers = new Map();
  for (const { versions: by } of steps) for (const [version, number] of Object.entries(by)) customers.set(Number(version), (customers.get(Number(version)) ?? 0) + number);
  return customers;
}

/** Who is under way on another version than the one shown, and what becomes of them; empty: nobody. */
function onOtherVersions(shown, versions, customers) {
  const others = [...customers].filter(([version]) => version !== shown).sort(([a], [b]) => b - a);
  if (others.length === 0) return "";
  const parts = others.map(([version, number]) => `${counted(number, "customer is", "customers are")} on version ${version} and ${fateOf(version, versions, number)}`);
  return `Shown here is version ${shown}. ${parts.join("; ")}.`;
}

/** What later versions have said of those on this one. */
function fateOf(from, versions, number) {
  const later = versions.filter(({ version, policy }) => version > from && policy !== "pin").sort((a, b) => a.version - b.version);
  const isOne = number === 1;
  if (later.length === 0) return isOne ? "finishes as it has begun" : "finish as they began";
  const { version, policy, until } = later.at(-1);
  if (policy === "drain") return `${isOne ? "leaves" : "leave"} on ${moment(until)} at the latest`;
  return `${isOne ? "goes" : "go"} over to version ${version} as soon as the engine has come to them`;
}

function row(step, definition, figures) {
  const { passed, waiting, sends, suppressed, deferred, exits } = figures;
  const left = `${count(exits)} (${percent(share(exits, doneAt(figures)))})`;
  return [step, stepWords(definition), count(passed), left, count(sends), count(suppressed), count(deferred), count(waiting)];
}

/** Which numbers are of the days, and which of now, each written as in the picture. */
function legend({ metrics, version }) {
  const days = `${dayRange(metrics.from, metrics.to)} (${metrics.zone ?? "UTC"} days), all versions`;
  return [
    element("span", {}, element("span", { class: "picture-count" }, "In grey:"), ` what happened in ${days}.`),
    element("span", {}, element("span", { class: "picture-now" }, "Now:"), ` where customers stand at this moment, whatever days are chosen; at a step those on version ${version}.`),
  ];
}

function aboutCounts({ positions, definition }, figures) {
  const elsewhere = [...figures.keys()].filter((step) => !Object.hasOwn(definition.steps, step));
  const parts = [
    `Who waits now was counted on ${moment(positions.generated_at)}.`,
    "Done with a step are those who passed it or left the journey there in these days; who waits there now is not among them. Who came before these days and passed in them is, so a step may count more than entered.",
  ];
  if (elsewhere.length > 0) parts.push(`Steps that only other versions have: ${elsewhere.join(", ")}.`);
  return parts.join(" ");
}
