// One small line chart by day, drawn with uPlot (a global of the vendored script). Its table twin stands beside it.

import { element } from "/dashboard/element.js";
import { day, dayOfYear } from "/dashboard/format.js";

const HEIGHT = 168;
const NARROWEST = 200;
const SYNCHRONISED = "journey";
const AXIS_FONT = "12px system-ui, sans-serif";
const isDark = matchMedia("(prefers-color-scheme: dark)");

/** A colour of the style sheet, read when drawing so that light and dark both hold. */
const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const iso = (seconds) => new Date(seconds * 1000).toISOString();

export class Chart {
  #series;
  #write;
  #plot = null;
  #days = [];
  #values = [];
  #readout = element("p", { class: "readout" });
  #canvas = element("div", { class: "plot", "aria-hidden": "true" });
  #listeners = new AbortController();
  #resized = new ResizeObserver(() => this.#resize());

  /** `series` are {label, arm, isDashed?, isFilled?}; `write` turns a value into text. */
  constructor({ title, series, write }) {
    this.#series = series;
    this.#write = write;
    this.node = element("figure", { class: "chart" }, element("figcaption", {}, title), this.#readout, this.#canvas);
    this.#resized.observe(this.#canvas);
    isDark.addEventListener("change", () => this.#plot?.redraw(), { signal: this.#listeners.signal });
  }

  /** `days` are dates ascending; `values` one list per series, null where there is no value. */
  update(days, values) {
    this.#days = days;
    this.#values = values;
    const data = [days.map((date) => Date.parse(`${date}T00:00:00Z`) / 1000), ...values];
    if (this.#plot) this.#plot.setData(data);
    else this.#plot = new uPlot(this.#options(), data, this.#canvas);
    this.#read(null);
  }

  destroy() {
    this.#listeners.abort();
    this.#resized.disconnect();
    this.#plot?.destroy();
  }

  #options() {
    const axis = {
      stroke: () => colour("--ink-soft"),
      font: AXIS_FONT,
      ticks: { show: false },
    };
    return {
      width: Math.max(this.#canvas.clientWidth, NARROWEST),
      height: HEIGHT,
      tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), "Etc/UTC"),
      legend: { show: false },
      cursor: { y: false, sync: { key: SYNCHRONISED }, drag: { x: false, y: false }, points: { size: 7 } },
      scales: { y: { range: (_, low, high) => [0, high > 0 ? high * 1.08 : 1] } },
      axes: [
        { ...axis, space: 64, size: 28, grid: { show: false }, values: (_, splits) => splits.map((at) => dayOfYear(iso(at))), incrs: DAY_STEPS },
        {
          ...axis,
          space: 28,
          size: 52,
          grid: { stroke: () => colour("--line"), width: 1 },
          values: (_, splits) => splits.map((value) => this.#write(value)),
        },
      ],
      series: [{}, ...this.#series.map((series) => lineOf(series))],
      hooks: { setCursor: [(plot) => this.#read(plot.cursor.idx)] },
      padding: [8, 12, 0, 0],
    };
  }

  /** Tells the values under the pointer, or the last day's. */
  #read(index) {
    const at = index ?? this.#days.length - 1;
    if (at < 0 || at >= this.#days.length) {
      this.#readout.textContent = "No days to show.";
      return;
    }
    const parts = this.#series.map((series, position) => {
      const value = this.#values[position][at];
      const text = `${series.label} ${value === null ? "–" : this.#write(value)}`;
      return element("span", { class: "arm", "data-arm": series.arm }, text);
    });
    this.#readout.replaceChildren(element("span", { class: "when" }, day(this.#days[at])), ...parts);
  }

  #resize() {
    const width = Math.max(this.#canvas.clientWidth, NARROWEST);
    if (this.#plot && this.#plot.width !== width) this.#plot.setSize({ width, height: HEIGHT });
  }
}

const DAY_S = 86_400;
const DAY_STEPS = [1, 2, 3, 7, 14, 28, 56, 112].map((days) => days * DAY_S);

function lineOf({ label, arm, isDashed = false, isFilled = false }) {
  return {
    label,
    stroke: () => colour(`--${arm}`),
    fill: isFilled ? () => colour(`--${arm}-wash`) : undefined,
    width: 2,
    dash: isDashed ? [6, 4] : undefined,
    points: { show: (plot) => plot.data[0].length < 3, size: 6 },
    spanGaps: true,
  };
}
