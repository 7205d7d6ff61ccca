// What the counts of a journey's steps come to: lines in the picture, and the sentence on where customers are lost.
// What happened in the chosen days and who stands where now are told apart everywhere: they are never added or divided.

import { count, counted, day, percent, share } from "/dashboard/format.js";

const NOTHING = { passed: 0, waits: 0, sends: 0, suppressed: 0, deferred: 0, cost: 0, exits: 0 };
const FEWEST = 10; // who went on or left, below which a share says nothing

/**
 * The figures of each step, by its id: those of the metrics, and {waiting, since} of the positions, for the version
 * that is shown. At an end `passed` are those who have completed.
 */
export function figuresByStep({ definition, version, metrics, positions }) {
  const steps = Object.keys(definition.steps);
  const happened = metrics.totals.steps;
  const standing = new Map(positions.steps.map((position) => [position.step, position]));
  const all = new Set([...steps, ...Object.keys(happened), ...standing.keys()]);
  return new Map(
    [...all].map((step) => {
      const position = standing.get(step);
      const isEnd = definition.steps[step]?.kind === "exit";
      return [step, { ...NOTHING, ...happened[step], isEnd, waiting: position?.versions[String(version)] ?? 0, since: position?.since ?? null }];
    }),
  );
}

/** Those whose stay at the step ended in these days: they went on, or left the journey there. */
export const doneAt = ({ passed, exits }) => passed + exits;

/** The lines of each box of the picture, by step; "" is the entry: `lines` of the days, `now` of this moment. */
export function countLines({ definition, metrics, positions }, figures) {
  const worst = worstStep(definition, figures);
  const lines = new Map(Object.keys(definition.steps).map((step) => [step, { lines: linesOf(figures.get(step)), now: nowAt(figures.get(step)), tone: step === worst ? "bad" : null }]));
  const heldOut = positions.held_out > 0 ? [`${count(positions.held_out)} held out`] : [];
  return lines.set("", { lines: [`${count(metrics.totals.entered)} entered`], now: [`${count(positions.under_way)} under way`, ...heldOut], tone: null });
}

function linesOf(figures) {
  const { passed, sends, suppressed, deferred, exits, isEnd } = figures;
  if (isEnd) return [`${count(passed)} completed`];
  const lines = [`${count(passed)} passed${sends > 0 ? ` · ${count(sends)} sent` : ""}`];
  const held = [suppressed > 0 ? `${count(suppressed)} suppressed` : "", deferred > 0 ? `${count(deferred)} put off` : ""].filter(Boolean);
  if (held.length > 0) lines.push(held.join(" · "));
  if (exits > 0) lines.push(`${count(exits)} left (${percent(share(exits, doneAt(figures)))})`);
  return lines;
}

/** Who stands there at this moment; empty: nobody. */
function nowAt({ waiting, since }) {
  return waiting > 0 ? [`${count(waiting)} waiting`, ...(since ? [`the longest since ${day(since)}`] : [])] : [];
}

/** The step at which the largest share of those done with it left; null where they are too few, or nobody left. */
function worstStep(definition, figures) {
  let worst = null;
  let most = 0;
  for (const step of Object.keys(definition.steps)) {
    if (figures.get(step).isEnd) continue;
    const done = doneAt(figures.get(step));
    const lost = share(figures.get(step).exits, done) ?? 0;
    if (done >= FEWEST && lost > most) [worst, most] = [step, lost];
  }
  return worst;
}

/** Where customers are lost, in a sentence. */
export function dropOffSentence({ definition, metrics }, figures) {
  if (metrics.totals.entered === 0 && [...figures.values()].every((each) => doneAt(each) === 0)) return "Nobody has come through in these days.";
  const worst = worstStep(definition, figures);
  if (worst === null) return "No step loses a notable part of its customers.";
  const { exits, waiting } = figures.get(worst);
  const done = doneAt(figures.get(worst));
  const still = waiting > 0 ? ` ${counted(waiting, "customer waits", "customers wait")} there now.` : "";
  const goals = metrics.totals.exits_by_reason?.goal_reached ?? 0;
  const reached = goals > 0 ? ` Of all ${counted(metrics.totals.exited, "run")} that ended early in these days, ${count(goals)} had reached the goal.` : "";
  return `The biggest drop-off is at “${worst}”: of the ${count(done)} who were done with it in these days, ${count(exits)} left the journey there (${percent(share(exits, done))}) and ${count(done - exits)} went on.${still}${reached}`;
}
