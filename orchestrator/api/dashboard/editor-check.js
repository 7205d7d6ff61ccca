// Asks the API what is wrong with the document, soon after each change, and keeps only the newest answer.

import { explain, Problem } from "/dashboard/problem.js";

const PAUSE_MS = 300; // in typing, before the check is asked for
const AGAIN_MS = 3_000; // after no answer

export class Check {
  #check;
  #told;
  #turn = 0;
  #timer = null;

  /**
   * `check(document)` gives {isSound, problems, warnings} and what more there is to tell; `told` hears of each answer,
   * whose `failure` says why there is none.
   */
  constructor(check, told) {
    this.#check = check;
    this.#told = told;
  }

  /** The document has changed: what was known of it no longer holds. */
  ask(document) {
    this.#askIn(PAUSE_MS, document);
  }

  stop() {
    clearTimeout(this.#timer);
    this.#turn += 1;
  }

  #askIn(ms, document) {
    clearTimeout(this.#timer);
    const turn = (this.#turn += 1);
    this.#timer = setTimeout(() => this.#run(document, turn), ms);
  }

  async #run(document, turn) {
    const answer = await this.#answer(document);
    if (turn !== this.#turn) return;
    this.#told(answer);
    if (answer.failure && answer.problems.length === 0) this.#askIn(AGAIN_MS, document);
  }

  async #answer(document) {
    try {
      return { ...(await this.#check(document)), failure: "" };
    } catch (error) {
      return { isSound: false, problems: problemsOf(error), warnings: [], failure: explain(error) };
    }
  }
}

/** The problems that a refusal names, with paths that lead into the document: of a journey, into its definition. */
export function problemsOf(error) {
  if (!(error instanceof Problem)) return [];
  return (error.body.errors ?? []).map((problem) => ({ ...problem, path: problem.path.replace(/^\$\.config/, "$") }));
}
