// Asks the API what is wrong with the document, soon after each change, and keeps only the newest answer.

import { explain, Problem } from "/dashboard/problem.js";

const PAUSE_MS = 300; // in typing, before the check is asked for
const AGAIN_MS = 3_000; // after no answer

export class Check {
  #client;
  #told;
  #turn = 0;
  #timer = null;

  /** `told({isPublishable, problems, warnings, failure})` hears of each answer; `failure` says why there is none. */
  constructor(client, told) {
    this.#client = client;
    this.#told = told;
  }

  /** The document has changed: what was known of it no longer holds. */
  ask(definition) {
    this.#askIn(PAUSE_MS, definition);
  }

  stop() {
    clearTimeout(this.#timer);
    this.#turn += 1;
  }

  #askIn(ms, definition) {
    clearTimeout(this.#timer);
    const turn = (this.#turn += 1);
    this.#timer = setTimeout(() => this.#run(definition, turn), ms);
  }

  async #run(definition, turn) {
    const answer = await this.#answer(definition);
    if (turn !== this.#turn) return;
    this.#told(answer);
    if (answer.failure && answer.problems.length === 0) this.#askIn(AGAIN_MS, definition);
  }

  async #answer(definition) {
    try {
      const { is_publishable, problems, warnings } = await this.#client.checkDefinition(definition);
      return { isPublishable: is_publishable, problems, warnings, failure: "" };
    } catch (error) {
      return { isPublishable: false, problems: problemsOf(error), warnings: [], failure: explain(error) };
    }
  }
}

/** The problems that a refusal names, with paths that lead into the definition. */
export function problemsOf(error) {
  if (!(error instanceof Problem)) return [];
  return (error.body.errors ?? []).map((problem) => ({ ...problem, path: problem.path.replace(/^\$\.config/, "$") }));
}
