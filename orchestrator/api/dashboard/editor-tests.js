// A journey's own tests in the form: each a card with its story, played as soon as the journey has been checked.

import { withValue } from "/dashboard/editor-document.js";
import { blankTest, testFields } from "/dashboard/editor-test-fields.js";
import { outcomeWord, resultNodes, withExpected } from "/dashboard/editor-test-result.js";
import { pathText } from "/dashboard/editor-text.js";
import { element } from "/dashboard/element.js";
import { listAt } from "/dashboard/picture-words.js";
import { ConnectionLost, explain, Problem } from "/dashboard/problem.js";

const AGAIN_MS = 5_000; // after no answer
const ADD = "add:$.tests";

const cardOf = (at) => pathText(["tests", at]);

export class JourneyTests {
  #client;
  #turn = 0;
  #timer = null;
  #definition; // what is, or was, played; null: it has problems; undefined: it is being checked
  #results = []; // of the tests, in their order, as last played
  #isNew = false; // whether they are of the document as it is
  #cards = []; // of the tests as drawn: {test(), chip, story, take}
  #status = element("p", { class: "test-state", role: "status", "aria-live": "polite", hidden: true });

  constructor(client) {
    this.#client = client;
  }

  /** The document has changed: what was played no longer holds. */
  changed() {
    this.stop();
    this.#definition = undefined;
    this.#isNew = false;
    this.#show();
  }

  /** The document has been checked: plays its tests, unless `definition` is null, which cannot be played. */
  async play(definition) {
    this.stop();
    const turn = this.#turn;
    this.#definition = definition;
    const count = listAt(definition?.tests).length;
    if (definition === undefined) return this.#say("Playing…");
    if (definition === null) return this.#say("Mend the problems first: then the tests can be played.", "bad");
    if (count === 0) return this.#say("");
    this.#say("Playing…", "quiet");
    try {
      const { tests } = await this.#client.rehearseDefinition(definition);
      if (turn !== this.#turn) return undefined;
      [this.#results, this.#isNew] = [tests, true];
      this.#show();
      return this.#say(...summary(tests));
    } catch (error) {
      if (turn !== this.#turn) return undefined;
      const passes = error instanceof ConnectionLost || (error instanceof Problem && error.passes);
      if (passes) this.#timer = setTimeout(() => this.play(definition), AGAIN_MS);
      return this.#say(explain(error), "bad");
    }
  }

  stop() {
    clearTimeout(this.#timer);
    this.#turn += 1;
  }

  /** The section of the form. */
  get section() {
    return { name: "tests", title: "Tests", paths: ["$.tests"], build: (form) => this.#part(form), isOpen: (form) => listAt(form.get(["tests"])).length > 0 };
  }

  #part(form) {
    const tests = listAt(form.get(["tests"]));
    this.#cards = [];
    const add = () => form.change((document) => {
      form.setOpen(cardOf(tests.length), true);
      return withValue(document, ["tests", tests.length], blankTest(document));
    }, pathText(["tests", tests.length, "name"]));
    const node = element(
      "fieldset",
      { class: "form-list", "data-path": "$.tests" },
      element("legend", {}, "Stories of made-up customers"),
      element("small", {}, "What the journey would do to somebody to whom this and that happens. Nobody is sent anything, and nobody is held out. A test that fails keeps nothing from being published; you are told of it."),
      element("p", { class: "form-problem", hidden: true }),
      this.#status,
      tests.map((_, at) => this.#card(form, at)),
      element(
        "div",
        { class: "actions" },
        element("button", { type: "button", class: "button small", "data-focus": ADD, click: add }, "Add a test"),
        tests.length > 0 ? element("button", { type: "button", class: "button small", "data-focus": "play:$.tests", click: () => this.play(this.#definition) }, tests.length === 1 ? "Play the test" : "Play the tests") : null,
      ),
    );
    this.#show();
    return [node];
  }

  #card(form, at) {
    const path = ["tests", at];
    const key = cardOf(at);
    const test = () => form.get(path);
    const body = element("div", { class: "step-body" });
    const chip = element("span", { class: "test-outcome", hidden: true });
    const take = element("button", { type: "button", class: "button small", "data-focus": `take:${key}`, click: () => this.#take(form, at) }, "Take what happens as what is expected");
    const story = element("div", { class: "test-story" });
    const drawn = { test, chip, story, take, shown: undefined };
    const build = () => body.childElementCount === 0 && body.append(...this.#bodyOf(form, at, drawn));
    const node = element(
      "details",
      { class: "step-card test-card", "data-path": key, open: form.isOpen(key), toggle: () => (form.setOpen(key, node.open), node.open && build(), form.tell()) },
      element(
        "summary",
        { "data-focus": `card:${key}` },
        element("span", { class: "step-number" }, `${at + 1}.`),
        form.live(element("span", { class: "step-words" }), () => test()?.name || "A test without a name"),
        chip,
        element("span", { class: "step-problems", hidden: true }),
      ),
      element("p", { class: "form-problem", hidden: true }),
      body,
    );
    this.#cards.push(drawn);
    if (form.isOpen(key)) build();
    else form.whenNeeded(path, build);
    return node;
  }

  #bodyOf(form, at, { story, take }) {
    const remove = element("button", { type: "button", class: "button small", "data-focus": `remove:${cardOf(at)}`, "aria-label": `Remove test ${at + 1}`, click: () => this.#remove(form, at) }, "Remove");
    return [
      ...testFields(form, ["tests", at]).filter(Boolean),
      element("div", { class: "test-result", role: "group", "aria-label": `What test ${at + 1} comes to` }, story, take),
      element("div", { class: "step-footer" }, element("span", {}), remove),
    ];
  }

  #take(form, at) {
    const result = this.#results[at];
    if (!this.#isNew) return;
    form.change((document) => withExpected(document, ["tests", at], form.get(["tests", at]), result), `card:${cardOf(at)}`);
  }

  #remove(form, at) {
    const count = listAt(form.get(["tests"])).length;
    for (let later = at; later < count; later += 1) form.setOpen(cardOf(later), form.isOpen(cardOf(later + 1)));
    this.#results = this.#results.filter((_, place) => place !== at);
    form.change((document) => withValue(document, ["tests", ...(count > 1 ? [at] : [])], undefined), ADD);
  }

  /** Shows what is known of each test where it stands; of another document, until that has been played. */
  #show() {
    this.#cards.forEach((card, at) => {
      const played = this.#results[at] ?? null;
      const result = played?.name === card.test()?.name ? played : null;
      card.chip.textContent = this.#isNew ? outcomeWord(result) : "…";
      card.chip.hidden = result === null || card.chip.textContent === "";
      card.chip.dataset.outcome = this.#isNew ? (result?.outcome ?? "") : "";
      card.take.hidden = result === null || result.outcome !== "failed" || result.is_cut;
      card.story.setAttribute("aria-busy", String(!this.#isNew));
      if (card.shown === result) return;
      card.shown = result;
      card.story.replaceChildren(...resultNodes(result).flat(Infinity).filter(Boolean));
    });
  }

  #say(text, tone = "quiet") {
    this.#status.dataset.tone = tone;
    this.#status.hidden = text === "" || this.#cards.length === 0;
    if (this.#status.textContent !== text) this.#status.textContent = text;
  }
}

/** [text, tone]: how many pass, and which fail. */
export function summary(tests) {
  const bad = tests.filter(({ outcome }) => outcome !== "passed");
  if (tests.length === 1) return bad.length === 0 ? ["The test passes.", "good"] : ["The test does not pass.", "bad"];
  if (bad.length === 0) return [`All ${tests.length} tests pass.`, "good"];
  return [`${bad.length} of ${tests.length} tests ${bad.length === 1 ? "does" : "do"} not pass: ${bad.map(({ name }) => `“${name}”`).join(", ")}.`, "bad"];
}
