// An interval drawn: a line from low to high, a dot at the estimate, a rule at zero.

import { svgElement } from "/dashboard/element.js";

const WIDTH = 240;
const HEIGHT = 28;
const MARGIN = 8;

/** The drawing of `effect` {estimate, low, high}, on a scale that reaches `reach` to either side of zero. */
export function intervalBar({ estimate, low, high }, reach, label) {
  const middle = HEIGHT / 2;
  const at = (value) => {
    const part = Math.max(-1, Math.min(1, reach > 0 ? value / reach : 0));
    return (WIDTH / 2 + part * (WIDTH / 2 - MARGIN)).toFixed(1);
  };
  const tone = low > 0 ? "better" : high < 0 ? "worse" : "open";
  return svgElement(
    "svg",
    { class: `interval ${tone}`, viewBox: `0 0 ${WIDTH} ${HEIGHT}`, width: WIDTH, height: HEIGHT, role: "img", "aria-label": label },
    svgElement("line", { class: "track", x1: MARGIN, x2: WIDTH - MARGIN, y1: middle, y2: middle }),
    svgElement("line", { class: "zero", x1: WIDTH / 2, x2: WIDTH / 2, y1: 2, y2: HEIGHT - 2 }),
    svgElement("line", { class: "range", x1: at(low), x2: at(high), y1: middle, y2: middle }),
    svgElement("circle", { class: "estimate", cx: at(estimate), cy: middle, r: 5 }),
  );
}

/** An estimate of the API with its ends, by the name of its field: `absolute`, `absolute_low`, `absolute_high`. */
export const intervalOf = (effect, kind) => ({ estimate: effect[kind], low: effect[`${kind}_low`], high: effect[`${kind}_high`] });

/** The smallest reach that shows all `intervals` whole. */
export const reachOf = (intervals) => Math.max(...intervals.flatMap(({ low, high }) => [Math.abs(low), Math.abs(high)]), 0);
