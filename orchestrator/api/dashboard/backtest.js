// Backtests: what a definition would have done over the history of the workspace's own events.

import { BacktestAnswer, daysOf } from "/dashboard/backtest-answer.js";
import { BacktestQuestion } from "/dashboard/backtest-question.js";
import { problemsOf } from "/dashboard/editor-check.js";
import { worded } from "/dashboard/editor-problem-words.js";
import { placeWords } from "/dashboard/editor-problems.js";
import { element } from "/dashboard/element.js";
import { count, moment } from "/dashboard/format.js";
import { explain, Problem, sentence } from "/dashboard/problem.js";

const PHASES = { reading: "Reading the history", running: "Running the journey over it", comparing: "Running what is published over it" };
const STATES = { RUNNING: "runs", DONE: "done", FAILED: "failed", CANCELLED: "cancelled" };
const LISTED = 10;
const DAY_MS = 86_400_000;

export class Backtests {
  #client;
  #source;
  #chosen = null; // id of the one that is shown
  #shown = null; // all of it
  #listed = "";
  #isViewer = true;
  #showsNewest;
  #question;
  #refused = element("div", { class: "failed", role: "alert" });
  #state = element("p", { role: "status", "aria-live": "polite" });
  #bar = element("progress", { max: 1, "aria-label": "How far the backtest is" });
  #cancel = element("button", { type: "button", class: "button", click: () => this.#stop() }, "Cancel the backtest");
  #running = element("div", { class: "backtest-state", hidden: true }, this.#state, this.#bar, this.#cancel);
  #list = element("ol", { class: "backtest-list", "aria-label": "Backtests" });
  #past;
  #answer;

  /**
   * `source()` resolves to {definition, journey}: what is to be run (null: it cannot be read), and the journey it is of
   * (null: a new one). `name` begins the ids of what is made here. `showsNewest`: where
   * none has been chosen, the newest of the journey is shown.
   */
  constructor(client, source, { name = "backtest", showsNewest = true } = {}) {
    this.#showsNewest = showsNewest;
    this.#client = client;
    this.#source = source;
    this.#question = new BacktestQuestion(name, (asked) => this.#start(asked));
    this.#answer = new BacktestAnswer(name);
    this.#past = element("section", { class: "panel", "aria-labelledby": `${name}-past-title`, hidden: true }, element("h3", { id: `${name}-past-title` }, "Backtests of the last 30 days"), this.#list);
    this.node = element(
      "div",
      { class: "backtest" },
      element(
        "section",
        { class: "panel", "aria-labelledby": `${name}-title` },
        element("h2", { id: `${name}-title` }, "Backtest"),
        element("p", { class: "soft" }, "What would this journey have done? It is run over the events of the days chosen, with every guardrail, its own and the workspace's. Nothing is sent, and no figure of the journey changes."),
        this.#question.node,
        this.#refused,
        this.#running,
      ),
      this.#answer.node,
      this.#past,
    );
  }

  async refresh({ workspace }) {
    const { journey } = await this.#source();
    this.#isViewer = workspace.role === "viewer";
    this.#question.offer({ isViewer: this.#isViewer, journey });
    const items = journey === null ? [] : (await this.#client.backtests({ journey_id: journey.id, limit: LISTED })).items;
    this.#showList(items);
    await this.#show(this.#chosen ?? (this.#showsNewest ? items[0]?.id : null) ?? null);
    return new Date().toISOString();
  }

  focus() {
    this.#question.focus();
  }

  destroy() {
    this.#answer.destroy();
  }

  async #start({ from, to, isCompared }) {
    const { definition, journey } = await this.#source();
    this.#refused.replaceChildren();
    if (definition === null) return this.#refuse(element("p", {}, "The JSON text cannot be read: mend it first."));
    this.#question.isBusy = true;
    try {
      const until = new Date(Date.parse(`${to}T00:00:00Z`) + DAY_MS).toISOString();
      const asked = { config: definition, from: `${from}T00:00:00Z`, to: until, against_published: isCompared, ...(journey ? { journey_id: journey.id } : {}) };
      const { id } = await this.#client.startBacktest(asked);
      this.#chosen = id;
      await this.#show(id);
    } catch (error) {
      const problems = worded(problemsOf(error), definition);
      const list = problems.map(({ path, words }) => element("li", {}, `${placeWords(path, "The whole journey")}: ${words}`));
      this.#refuse(element("p", {}, problems.length > 0 ? "The journey has problems; mend them, then it can be run:" : refusalWords(error)), list.length > 0 ? element("ul", { class: "backtest-refused" }, list) : null);
    } finally {
      this.#question.isBusy = false;
    }
  }

  #refuse(...nodes) {
    this.#refused.replaceChildren(...nodes.filter(Boolean));
  }

  async #stop() {
    this.#cancel.disabled = true;
    try {
      await this.#client.cancelBacktest(this.#shown.id);
      await this.#show(this.#shown.id);
    } catch (error) {
      this.#refuse(element("p", {}, explain(error)));
    } finally {
      this.#cancel.disabled = false;
    }
  }

  async #choose(id) {
    this.#chosen = id;
    this.#refused.replaceChildren();
    try {
      await this.#show(id);
    } catch (error) {
      this.#refuse(element("p", {}, explain(error)));
    }
  }

  /** Reads the backtest, unless it is over and stands here already. */
  async #show(id) {
    if (id === null || (this.#shown?.id === id && this.#shown.status !== "RUNNING")) return;
    const found = await this.#client.backtest(id);
    if (this.#chosen !== null && this.#chosen !== id) return; // another one was chosen meanwhile
    this.#shown = found;
    this.#mark();
    this.#running.hidden = found.status === "DONE";
    this.#bar.hidden = found.status !== "RUNNING";
    this.#cancel.hidden = this.#isViewer || found.status !== "RUNNING";
    say(this.#state, stateWords(found));
    if (found.progress) this.#bar.value = found.progress.of > 0 ? found.progress.done / found.progress.of : 0;
    else this.#bar.removeAttribute("value");
    this.#answer.update(found);
  }

  #showList(items) {
    const listed = JSON.stringify(items.map(({ id, status }) => [id, status]));
    if (listed === this.#listed) return;
    this.#listed = listed;
    this.#past.hidden = items.length === 0;
    const focused = this.#list.contains(document.activeElement) ? document.activeElement.dataset.id : null;
    this.#list.replaceChildren(...items.map((item) => this.#item(item)));
    this.#mark();
    if (focused) this.#list.querySelector(`[data-id="${focused}"]`)?.focus();
  }

  #item({ id, from, to, status, author, created_at }) {
    return element(
      "li",
      {},
      element("button", { type: "button", class: "link", "data-id": id, click: () => this.#choose(id) }, daysOf({ from, to })),
      element("span", {}, STATES[status] ?? status),
      element("span", { class: "soft" }, `begun ${moment(created_at)} by ${author}`),
    );
  }

  #mark() {
    for (const button of this.#list.querySelectorAll("button")) button.setAttribute("aria-pressed", String(button.dataset.id === this.#shown?.id));
  }
}

/** Where too many run, nothing is tried again by itself. */
const refusalWords = (error) => (error instanceof Problem && error.status === 429 ? sentence(error.message) : explain(error));

function stateWords(backtest) {
  const { status, progress, failure } = backtest;
  if (status === "FAILED") return `The backtest of ${daysOf(backtest)} failed: ${failure}.`;
  if (status === "CANCELLED") return `The backtest of ${daysOf(backtest)} has no result: ${failure}.`;
  if (status === "DONE") return "";
  return progress ? `${PHASES[progress.phase]}: ${count(progress.done)} of ${count(progress.of)} events.` : "The backtest begins…";
}

function say(node, text) {
  if (node.textContent !== text) node.textContent = text;
}
