// The picture of a journey: its steps as boxes, the ways between them as lines, and the same as a list.

import { element, svgElement } from "/dashboard/element.js";
import { graphOf } from "/dashboard/picture-graph.js";
import { layoutOf } from "/dashboard/picture-layout.js";
import { STEP_KINDS } from "/dashboard/picture-words.js";

// Measures in rem, so that the picture grows with the reader's text.
const WIDTH = 15;
const HEIGHT = 4.6; // a name and two lines of words
const LINE = 1.3; // of a note or a count
const CHARACTER = 0.42;
const WIDEST_LABEL = 12;
const ROUND = 10; // px
const SMALLEST = 0.4; // of its size, for the whole picture
const TALLEST = 0.5; // of the window, for the whole picture
const MOST_STEPS = 400; // twice what a journey may have; a text with more is not drawn

export class Picture {
  #choose;
  #shown = "";
  #current = null; // key of the node that the Tab key reaches
  #graph = { nodes: [], edges: [] };
  #marked = null;
  #size = { width: 0, height: 0 };
  #surface = element("div", { class: "picture-surface" });
  #room = element("div", { class: "picture-room" }, this.#surface); // as large as the surface looks
  #frame;
  #list = element("ol", { class: "picture-list" });
  #caption = element("p", { class: "footnote" });
  #whole = element("button", { type: "button", class: "button small", "aria-pressed": "false", click: () => this.#toggle() }, "Whole picture");
  #resized = new ResizeObserver(() => this.#scale());

  /** `choose(step)` is called when a step is opened (null: the entry); `isWhole`: at first all of it is shown. */
  constructor({ label, choose, isWhole = false }) {
    this.#choose = choose;
    this.#frame = element("div", { class: "picture-frame", role: "group", "aria-label": label, keydown: (event) => this.#move(event) }, this.#room);
    this.node = element(
      "div",
      { class: "picture" },
      element("div", { class: "picture-head" }, this.#caption, this.#whole),
      this.#frame,
      element("details", { class: "twin" }, element("summary", {}, "Show as list"), this.#list),
    );
    this.#resized.observe(this.#frame);
    if (isWhole) this.#toggle();
  }

  /** `counts` by step (and "" for the entry): {lines, now?, tone?}; `now` are lines under that word, tone "bad" marks the box. */
  update(definition, counts = new Map()) {
    const steps = Object.keys(definition?.steps ?? {}).length;
    const graph = graphOf(steps <= MOST_STEPS ? definition : { entry: definition.entry });
    const shown = JSON.stringify([graph, [...counts], this.#marked]);
    if (shown === this.#shown) return;
    this.#shown = shown;
    this.#graph = graph;
    this.#caption.textContent = steps <= MOST_STEPS ? `${steps} ${steps === 1 ? "step" : "steps"}. Arrow keys lead from step to step, Enter opens one.` : `${steps} steps are too many to draw.`;
    this.#draw(counts);
    this.#list.replaceChildren(...this.#listItems(counts));
  }

  /** Marks the step (null: none) as the one that is open; the next update draws it. */
  mark(step) {
    this.#marked = step;
    for (const node of this.#surface.querySelectorAll("[data-key]")) node.setAttribute("aria-expanded", String(node.dataset.step === step));
  }

  /** Marks a step, and brings it into the frame where it is not. */
  follow(step) {
    this.mark(step);
    const box = this.#surface.querySelector('[aria-expanded="true"]')?.getBoundingClientRect();
    const frame = this.#frame.getBoundingClientRect();
    if (!box) return;
    if (box.top < frame.top || box.bottom > frame.bottom) this.#frame.scrollTop += box.top + box.height / 2 - frame.top - frame.height / 2;
    if (box.left < frame.left || box.right > frame.right) this.#frame.scrollLeft += box.left + box.width / 2 - frame.left - frame.width / 2;
  }

  /** Puts the focus on a step. */
  focus(step) {
    const node = [...this.#surface.querySelectorAll("[data-key]")].find(({ dataset }) => dataset.step === step);
    if (node) this.#focusKey(node.dataset.key);
  }

  destroy() {
    this.#resized.disconnect();
  }

  #draw(counts) {
    const rem = parseFloat(getComputedStyle(document.documentElement).fontSize) || 16;
    const linesOf = ({ step, note, isUnreachable }) => linesAt(counts.get(step ?? "")).length + (note ? 1 : 0) + (isUnreachable ? 1 : 0);
    const boxes = this.#graph.nodes.map((node) => ({ key: node.key, width: WIDTH * rem, height: (HEIGHT + LINE * linesOf(node)) * rem }));
    const edges = this.#graph.edges.map((edge) => ({ ...edge, labelWidth: edge.label ? Math.min(WIDEST_LABEL, 1.2 + CHARACTER * edge.label.length) * rem : 0 }));
    const layout = layoutOf(boxes, edges);
    const nodes = this.#graph.nodes.map((node, at) => this.#box(node, boxes[at], layout.nodes.get(node.key), counts.get(node.step ?? "")));
    const labels = layout.edges.map(({ label }, at) => label && labelAt(label, edges[at]));
    const lanes = svgElement("svg", { class: "picture-edges", width: layout.width, height: layout.height, "aria-hidden": "true" }, layout.edges.map(({ points }, at) => lineOf(points, edges[at].isBack)));
    const focused = this.#surface.contains(document.activeElement) ? document.activeElement.dataset.key : null;
    this.#size = layout;
    this.#surface.replaceChildren(lanes, ...labels.filter(Boolean), ...inReadingOrder(nodes, layout));
    if (!this.#graph.nodes.some(({ key }) => key === this.#current)) this.#current = this.#graph.nodes[0]?.key ?? null;
    this.#markReachable();
    if (focused) this.#focusKey(focused);
    this.#scale();
  }

  #box({ key, step, kind, words, note, isMissing, isUnreachable }, { width, height }, { x, y }, count) {
    const name = step ?? "Entry";
    const box = element(
      "button",
      {
        type: "button", class: "picture-node", "data-key": key, "data-step": step ?? "", "data-kind": kind, "data-tone": isMissing ? "missing" : count?.tone,
        tabindex: "-1", "aria-expanded": String(this.#marked === (step ?? "")), title: `${name}: ${words}`,
        click: () => this.#open(key, step),
      },
      element("span", { class: "picture-name" }, element("span", {}, name), element("small", {}, kindName(kind))),
      element("span", { class: "picture-words" }, words),
      note ? element("span", { class: "picture-note" }, note) : null,
      isUnreachable ? element("span", { class: "picture-flag" }, "No way leads here") : null,
      (count?.lines ?? []).map((line) => element("span", { class: "picture-count" }, line)),
      nowLines(count).map((line) => element("span", { class: "picture-now" }, line)),
    );
    box.style.width = `${width}px`;
    box.style.height = `${height}px`;
    box.style.left = `${x - width / 2}px`;
    box.style.top = `${y}px`;
    return box;
  }

  #open(key, step) {
    this.#current = key;
    this.#markReachable();
    this.#choose(step);
  }

  /** One Tab stop for all; the arrows go along the ways, and left and right in reading order. */
  #move(event) {
    const order = [...this.#surface.querySelectorAll("[data-key]")].map(({ dataset }) => dataset.key);
    const at = order.indexOf(event.target.dataset?.key);
    if (at < 0 || event.altKey || event.ctrlKey || event.metaKey) return;
    const key = order[at];
    const target = {
      ArrowDown: () => this.#graph.edges.find(({ from, isBack }) => from === key && !isBack)?.to,
      ArrowUp: () => this.#graph.edges.find(({ to, isBack }) => to === key && !isBack)?.from,
      ArrowRight: () => order[at + 1],
      ArrowLeft: () => order[at - 1],
      Home: () => order[0],
      End: () => order.at(-1),
    }[event.key];
    if (!target) return;
    event.preventDefault();
    const to = target();
    if (to) this.#focusKey(to);
  }

  #focusKey(key) {
    this.#current = key;
    this.#markReachable();
    this.#surface.querySelector('[data-key][tabindex="0"]')?.focus();
  }

  #markReachable() {
    for (const node of this.#surface.querySelectorAll("[data-key]")) node.tabIndex = node.dataset.key === this.#current ? 0 : -1;
  }

  #toggle() {
    const isWhole = !this.#isWhole;
    this.#whole.setAttribute("aria-pressed", String(isWhole));
    this.#frame.classList.toggle("whole", isWhole);
    this.#scale();
  }

  get #isWhole() {
    return this.#whole.getAttribute("aria-pressed") === "true";
  }

  /** Makes the whole picture as wide as its frame and no taller than the window, unless nobody could read it then. */
  #scale() {
    const { width, height } = this.#size;
    const scale = this.#isWhole && width > 0 ? Math.max(SMALLEST, Math.min(1, this.#frame.clientWidth / width, (TALLEST * innerHeight) / height)) : 1;
    this.#surface.style.transform = scale < 1 ? `scale(${scale})` : "";
    this.#room.style.width = `${width * scale}px`;
    this.#room.style.height = `${height * scale}px`;
  }

  #listItems(counts) {
    const { nodes, edges } = this.#graph;
    const nameOf = new Map(nodes.map(({ key, step }) => [key, step ?? "Entry"]));
    return nodes.map(({ key, step, words, note, isUnreachable }) => {
      const ways = edges.filter(({ from }) => from === key).map(({ to, label, isBack }) => `${label ? `${label}: ` : ""}${isBack ? "back to" : "to"} ${nameOf.get(to)}`);
      const rest = [words, note, isUnreachable ? "No way leads here" : "", ...linesAt(counts.get(step ?? ""))].filter(Boolean);
      return element("li", {}, element("strong", {}, step ?? "Entry"), ` ${rest.join(". ")}.`, ways.length > 0 ? element("ul", {}, ways.map((way) => element("li", {}, way))) : null);
    });
  }
}

const nowLines = (count) => (count?.now ?? []).map((line, at) => (at === 0 ? `Now: ${line}` : line));
const linesAt = (count) => [...(count?.lines ?? []), ...nowLines(count)];

const kindName = (kind) => ({ __proto__: null, entry: "Who enters", missing: "Missing" })[kind] ?? STEP_KINDS[kind]?.name ?? "";

function inReadingOrder(boxes, layout) {
  const spot = (box) => layout.nodes.get(box.dataset.key);
  return [...boxes].sort((a, b) => spot(a).y - spot(b).y || spot(a).x - spot(b).x);
}

function labelAt({ x, y }, { label, labelWidth, isBack }) {
  const node = element("span", { class: "picture-label", "data-back": isBack, title: label, "aria-hidden": "true" }, label);
  node.style.left = `${x - labelWidth / 2}px`;
  node.style.top = `${y}px`;
  node.style.width = `${labelWidth}px`;
  return node;
}

function lineOf(points, isBack) {
  const end = points.at(-1);
  const arrow = isBack ? `M${end.x + 8} ${end.y - 5}L${end.x} ${end.y}l8 5` : `M${end.x - 5} ${end.y - 8}L${end.x} ${end.y}l5 -8`;
  return svgElement("g", { class: isBack ? "picture-edge back" : "picture-edge" }, svgElement("path", { d: isBack ? backPath(points) : downPath(points) }), svgElement("path", { class: "arrow", d: arrow }));
}

function downPath([first, ...rest]) {
  let path = `M${first.x} ${first.y}`;
  let before = first;
  for (const point of rest) {
    const middle = (before.y + point.y) / 2;
    path += before.x === point.x ? `L${point.x} ${point.y}` : `C${before.x} ${middle} ${point.x} ${middle} ${point.x} ${point.y}`;
    before = point;
  }
  return path;
}

function backPath([start, out, up, end]) {
  const turn = out.y > up.y ? -ROUND : ROUND;
  return `M${start.x} ${start.y}H${out.x - ROUND}Q${out.x} ${out.y} ${out.x} ${out.y + turn}V${up.y - turn}Q${up.x} ${up.y} ${up.x - ROUND} ${up.y}H${end.x}`;
}
