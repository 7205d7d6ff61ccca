// One small line chart over days, weeks or months, drawn with uPlot (a global of the vendored script). Its table twin stands beside it.

import { element } from "/dashboard/element.js";
import { day, dayOfYear, monthOfYear } from "/dashboard/format.js";

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
  #isCount;
  #plot = null;
  #days = [];
  #values = [];
  #readout = element("p", { class: "readout" });
  #canvas = element("div", { class: "plot", "aria-hidden": "true" });
  #listeners = new AbortController();
  #resized = new ResizeObserver(() => this.#resize());

  /** `series` are {label, arm, isDashed?, isFilled?}; `write` turns a value into text. `isCount`: there are no halves. */
  constructor({ title, series, write, isCount = false }) {
    this.#series = series;
    this.#isCount = isCount;
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
        { ...axis, space: 88, size: 28, grid: { show: false }, values: (_, splits) => this.#dates(splits), incrs: DAY_STEPS },
        {
          ...axis,
          space: 28,
          size: 52,
          grid: { stroke: () => colour("--line"), width: 1 },
          values: (_, splits) => splits.map((value) => this.#write(value)),
          ...(this.#isCount ? { incrs: WHOLE_STEPS } : {}),
        },
      ],
      series: [{}, ...this.#series.map((series) => lineOf(series))],
      hooks: { setCursor: [(plot) => this.#read(plot.cursor.idx)] },
      padding: [8, 32, 0, 0], // the last date is written around the end of its line
    };
  }

  /** The dates under the axis, with their year where there is more than one. */
  #dates(splits) {
    const years = this.#days.length > 0 ? Number(this.#days.at(-1).slice(0, 4)) - Number(this.#days[0].slice(0, 4)) : 0;
    return splits.map((at) => (years > 0 ? monthOfYear(iso(at)) : dayOfYear(iso(at))));
  }

  /** Tells the values under the pointer, or the last day's. */
  #read(index) {
    const at = index ?? this.#days.length - 1;
    if (at < 0 || at >= this.#days.length) {
      this.#readout.textContent = "";
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
const DAY_STEPS = [1, 2, 3, 7, 14, 28, 56, 112, 182, 365, 730, 1826, 3652].map((days) => days * DAY_S);
/** 1, 2, 5, 10, 20 … */
const WHOLE_STEPS = Array.from({ length: 36 }, (_, at) => [1, 2, 5][at % 3] * 10 ** Math.floor(at / 3));

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
