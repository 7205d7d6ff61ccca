// What the check says, in words for whoever fills in the form, and as a list that leads to each place.

import { element } from "/dashboard/element.js";
import { counted } from "/dashboard/format.js";

/** Whether a path is `outer` or lies in it. */
export const isWithin = (path, outer) => path === outer || path.startsWith(`${outer}.`) || path.startsWith(`${outer}[`);

/** Of `places` (nodes by path) the one nearest to a path: its own, or of what it lies in; never the whole document. */
export function nearest(places, path) {
  let found = null;
  let longest = 0;
  for (const [own, node] of places) if (own.length > longest && isWithin(path, own)) [found, longest] = [node, own.length];
  return found;
}

const FILL_IN = "Fill this in.";
const CHOOSE_STEP = "Choose a step.";
const PATTERNS = [
  [/^\$\.steps\.[^.]*$/, "A step's name has small letters, digits, - and _, and begins with a letter."],
  [/\.(event|type)$/, "An event's type has letters, digits and . _ : / -, such as order.placed."],
  [/\.(from|to|time)$/, "Write a time as HH:MM, such as 09:00."],
  [/\.at\[\d+\]$/, "Write a date and a time, such as 2027-03-01T09:00."],
  [/\.(next|on_timeout|otherwise|back_to|when_missing|start|step)$/, CHOOSE_STEP],
];

/** A problem as a sentence or two; what pydantic says of `value`, which stands there, is said plainer. */
function inWords({ path, rule, detail, fix }, value) {
  const byName = PATTERNS.find(([pattern]) => pattern.test(path))?.[1];
  if (value === "" && ["string_too_short", "string_pattern_mismatch", "unknown_step"].includes(rule)) return byName === CHOOSE_STEP ? CHOOSE_STEP : FILL_IN;
  switch (rule) {
    case "missing":
    case "string_too_short":
      return FILL_IN;
    case "string_pattern_mismatch":
      return byName ?? "Letters, digits, _ . and - are allowed, and no digit first.";
    case "too_short":
      return "Add at least one.";
    case "float_type":
      return "Enter a number.";
    case "int_type":
    case "int_from_float":
      return "Enter a whole number.";
    case "timezone_aware":
    case "datetime_type":
    case "datetime_parsing":
    case "datetime_from_date_parsing":
      return "Write a date, a time and its offset, such as 2027-03-01T09:00:00Z.";
    case "test_fails":
      return "This test fails: its card tells what goes otherwise than expected.";
    case "union_tag_invalid":
      return "This kind is not known.";
    default:
      return [sentence(detail.replace(/^(Input|String|Value) should/, "this must")), sentence(fix)].filter(Boolean).join(" ");
  }
}

/** The problems with their words, each said once of its place; `document` is what was checked. */
export function worded(problems, document) {
  const said = new Set();
  return problems
    .map((problem) => ({ path: problem.path, words: inWords(problem, valueNamed(document, problem.path)) }))
    .filter(({ path, words }) => !said.has(`${path} ${words}`) && said.add(`${path} ${words}`));
}

/** What stands at a path as the API writes it, whose names may have dots in them. */
function valueNamed(document, path, own = "$") {
  if (path === own) return document;
  if (typeof document !== "object" || document === null) return undefined;
  for (const [name, inner] of Object.entries(document)) {
    const next = Array.isArray(document) ? `${own}[${name}]` : `${own}.${name}`;
    if (isWithin(path, next)) return valueNamed(inner, path, next);
  }
  return undefined;
}

/** "$.steps.hello.fallback.to[0].template" as "Step hello › fallback › to 1 › template". */
export function placeWords(path, whole) {
  const text = path.replace(/^\$\.?/, "").replaceAll(/\[(\d+)\]/g, (_, at) => `.${Number(at) + 1}`);
  if (text === "") return whole;
  const words = text.replace(/^steps\.([^.]+)/, "step $1").split(".").join(" › ").replaceAll("_", " ").replaceAll(/ › (\d+)/g, " $1");
  return words.charAt(0).toUpperCase() + words.slice(1);
}

function sentence(text) {
  if (!text) return "";
  const begun = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(begun) ? begun : `${begun}.`;
}

export class ProblemList {
  #lead;
  #done;
  #whole;
  #shown = "";
  #state = element("p", { class: "check-state", role: "status", "aria-live": "polite" });
  #problems = element("ul", { class: "check-list" });
  #warnings = element("ul", { class: "check-list" });
  #about = element("p", { class: "footnote", hidden: true });
  node = element("section", { class: "panel checks", "aria-labelledby": "checks-title" }, element("h3", { id: "checks-title" }, "Checks"), this.#state, this.#problems, this.#about, this.#warnings);

  /** `lead(path)` brings the reader to a place; `done` is what a sound document can be, `whole` what it is called. */
  constructor(lead, { done = "published", whole = "The whole journey" } = {}) {
    this.#lead = lead;
    this.#done = done;
    this.#whole = whole;
    this.#about.textContent = `Warnings keep nothing from being ${done}:`;
  }

  /** Says how the document stands; `checked` null: the answer is awaited. */
  tell(isReadable, checked) {
    if (!isReadable) return this.#say("Not checked: the text is no JSON.", "bad");
    if (checked === null) return this.#say("Checking…", "quiet");
    const { isSound, problems, warnings, failure } = checked;
    if (failure && problems.length === 0) return this.#say(failure, "bad");
    if (!isSound) return this.#say(`${counted(problems.length, "problem")} to mend before it can be ${this.#done}.`, "bad");
    return this.#say(warnings.length > 0 ? `It can be ${this.#done}. ${counted(warnings.length, "warning")}.` : `It can be ${this.#done}.`, "good");
  }

  /** Shows problems and warnings, each {path, words}. */
  show(problems, warnings) {
    const shown = JSON.stringify([problems, warnings]);
    if (shown === this.#shown) return;
    this.#shown = shown;
    this.#problems.replaceChildren(...problems.map((problem) => this.#item(problem)));
    this.#warnings.replaceChildren(...warnings.map((problem) => this.#item(problem)));
    this.#problems.hidden = problems.length === 0;
    this.#warnings.hidden = this.#about.hidden = warnings.length === 0;
  }

  #say(text, tone) {
    this.#state.dataset.tone = tone;
    if (this.#state.textContent !== text) this.#state.textContent = text;
  }

  #item(problem) {
    return element("li", {}, element("button", { type: "button", class: "link", click: () => this.#lead(problem.path) }, placeWords(problem.path, this.#whole)), ` ${problem.words}`);
  }
}
