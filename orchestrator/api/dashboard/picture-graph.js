// A journey's definition as nodes and edges. It may be half written: a way to a step that is not there leads to a ghost.

import { entryWords, listAt, objectAt, stepWords, waysOf } from "/dashboard/picture-words.js";

const ENTRY = "entry"; // steps have the keys of `keyOf`, so none is called so
const keyOf = (step) => `step:${step}`;

/**
 * {nodes, edges}, in the order in which a customer meets them. A node is {key, step, kind, words, note, isMissing,
 * isUnreachable}; an edge {from, to, label, isBack}: back are those that return to where the customer has been.
 */
export function graphOf(definition) {
  const document = objectAt(definition);
  const steps = objectAt(document.steps);
  const isKnown = (step) => typeof step === "string" && Object.hasOwn(steps, step);
  const nodes = new Map([[ENTRY, entryNode(document)]]);
  const edges = [];
  const onTheWay = new Set([ENTRY]); // from the entry to where the walk is

  const visit = (step, isUnreachable) => {
    const key = keyOf(step);
    nodes.set(key, isKnown(step) ? stepNode(step, steps[step], isUnreachable) : ghostNode(step));
    if (!isKnown(step)) return;
    onTheWay.add(key);
    for (const { to, label, isBack } of waysOf(steps[step])) follow(key, to, label, isBack, isUnreachable);
    onTheWay.delete(key);
  };
  const follow = (from, to, label, isBack, isUnreachable = false) => {
    if (to === undefined || to === null || to === "") return;
    const key = keyOf(to);
    if (!nodes.has(key)) {
      edges.push({ from, to: key, label, isBack: false });
      visit(to, isUnreachable);
    } else edges.push({ from, to: key, label, isBack: onTheWay.has(key) || isBack });
  };

  follow(ENTRY, document.start, "", false);
  for (const step of Object.keys(steps)) if (!nodes.has(keyOf(step))) visit(step, true);
  return { nodes: [...nodes.values()], edges: withoutCircles([...nodes.keys()], edges) };
}

function entryNode({ entry, holdout }) {
  const percent = objectAt(holdout).percent;
  const note = typeof percent === "number" && percent > 0 ? `${percent}% held out, who get nothing` : "";
  return { key: ENTRY, step: null, kind: "entry", words: entryWords(entry), note, isMissing: false, isUnreachable: false };
}

function stepNode(step, fields, isUnreachable) {
  const others = listAt(objectAt(objectAt(fields).fallback).to).length;
  const note = others > 0 ? `${others === 1 ? "another way" : `${others} other ways`} if this one fails` : "";
  const kind = String(objectAt(fields).kind ?? "");
  return { key: keyOf(step), step, kind, words: stepWords(fields), note, isMissing: false, isUnreachable };
}

const ghostNode = (step) => ({ key: keyOf(step), step: String(step), kind: "missing", words: "There is no such step", note: "", isMissing: true, isUnreachable: false });

/** Marks as back whatever still closes a circle, so that what is left has an order from top to bottom. */
function withoutCircles(keys, edges) {
  const back = edges.map((edge) => edge.isBack);
  const open = new Map(keys.map((key) => [key, []]));
  edges.forEach((edge, at) => back[at] || open.get(edge.from).push(at));
  const state = new Map(); // key → "open" while the walk is below it, then "done"
  for (const root of keys) {
    if (state.has(root)) continue;
    const walk = [[root, 0]];
    state.set(root, "open");
    while (walk.length > 0) {
      const [key, next] = walk.at(-1);
      const at = open.get(key)[next];
      if (at === undefined) {
        state.set(key, "done");
        walk.pop();
        continue;
      }
      walk.at(-1)[1] += 1;
      const { to } = edges[at];
      if (state.get(to) === "open") back[at] = true;
      else if (!state.has(to)) {
        state.set(to, "open");
        walk.push([to, 0]);
      }
    }
  }
  return edges.map((edge, at) => ({ ...edge, isBack: back[at] }));
}
