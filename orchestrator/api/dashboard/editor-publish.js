// The questions before something is published: what will happen, and to whom.

import { confirmed } from "/dashboard/confirmation.js";
import { element } from "/dashboard/element.js";
import { counted } from "/dashboard/format.js";
import { entryWords, objectAt, stepWords } from "/dashboard/picture-words.js";
import { explain } from "/dashboard/problem.js";

const POLICIES = [
  { value: "pin", label: "They finish as they began", note: "The new version is only for those who enter from now on." },
  { value: "follow", label: "They go over to the new version", note: "At once, at the step of the same name; whose step is gone leaves. A wait counts from when it began." },
  { value: "map", label: "They go over, to the steps chosen here", note: "For steps that are gone or have another name." },
  { value: "drain", label: "They go on as they began, until a moment", note: "Whoever is still on an old version then leaves." },
];
const DAY_MS = 86_400_000;

const inside = (words) => words.charAt(0).toLowerCase() + words.slice(1);

/**
 * Asks before a journey starts. `workspace` says whether a second person is needed, and whether anything is sent;
 * `unseen` which of its events do not come in.
 */
export function askAboutStart(definition, workspace, warnings, unseen) {
  const percent = objectAt(definition.holdout).percent;
  const sends = Object.values(definition.steps).filter(({ kind }) => kind === "send").length;
  const sentences = [
    `Who enters from now on: ${inside(entryWords(definition.entry))}.`,
    percent > 0 ? `${percent}% of them are held out and get nothing.` : "Nobody is held out, so the effect cannot be compared.",
    `The first step is: ${stepWords(definition.steps[definition.start])}.`,
    sends > 0 ? `It has ${counted(sends, "message")}; consent, limits and quiet hours are checked before each.` : "It sends no message.",
    testsWords(definition, warnings),
    unseen,
    warnings.length > 0 ? `${counted(warnings.length, "warning")} of the check ${warnings.length === 1 ? "is" : "are"} still there.` : "",
    workspace.is_sending ? "" : "Sending is switched off for the whole workspace: nothing is sent until that is changed.",
    workspace.needs_approval ? "Your workspace asks for a second person: it starts when somebody else agrees." : "You can pause or stop it at any time.",
  ];
  return confirmed({ title: `Publish “${definition.name}”?`, text: sentences.filter(Boolean).join(" "), verb: workspace.needs_approval ? "Ask for approval" : "Publish" });
}

/** Which of the definition's own tests do not pass, by the warnings of the check; empty: all pass. */
export function testsWords(definition, warnings) {
  const named = (rule) => warnings.filter((warning) => warning.rule === rule).map(({ path }) => definition.tests[Number(/\d+/.exec(path))].name);
  const failing = named("test_fails").map((name) => `“${name}”`);
  const unplayed = named("test_not_played").length;
  const fails = failing.length > 0 ? `${failing.length === 1 ? "A test of it fails" : `${failing.length} of its tests fail`}: ${failing.join(", ")}.` : "";
  return [fails, unplayed > 0 ? `${counted(unplayed, "test")} of it could not be played.` : ""].filter(Boolean).join(" ");
}

/**
 * Asks what becomes of customers under way, and shows it before it applies. `asked` is {client, journey, definition,
 * changes, workspace, warnings, unseen}: `changes` are words for what differs, `warnings` those of the check, `unseen`
 * says which of its events do not come in.
 * Resolves to `in_flight` of the API, or null when it was called off.
 */
export function askAboutVersion(asked) {
  return new Promise((resolve) => new VersionQuestion(asked, resolve).open());
}

class VersionQuestion {
  #client;
  #journey;
  #definition;
  #turn = 0;
  #targets = new Map(); // step where customers stand → step of the new version
  #standing = [];
  #answer = { policy: "pin" };
  #until = element("input", { type: "datetime-local", id: "version-until", change: () => this.#look() });
  #mapping = element("div", { class: "version-mapping" });
  #drain = element("p", { class: "version-until" }, element("label", { for: "version-until" }, "Until (UTC)"), this.#until);
  #preview = element("div", { class: "version-preview", role: "status", "aria-live": "polite" });
  #verb;
  #dialog;

  constructor({ client, journey, definition, changes, workspace, warnings, unseen }, resolve) {
    this.#client = client;
    this.#journey = journey;
    this.#definition = definition;
    this.#until.value = new Date(Date.now() + 7 * DAY_MS).toISOString().slice(0, 16);
    this.#verb = element("button", { type: "button", class: "button primary", disabled: true, click: () => this.#dialog.close("yes") }, workspace.needs_approval ? "Ask for approval" : `Publish version ${journey.version + 1}`);
    const choices = POLICIES.map(({ value, label, note }) =>
      element("label", { class: "choice" }, element("input", { type: "radio", name: "policy", value, checked: value === "pin", change: () => this.#look() }), element("span", {}, label, element("small", {}, note))),
    );
    const tests = testsWords(definition, warnings);
    const second = workspace.needs_approval ? " Your workspace asks for a second person: nothing changes before somebody else agrees." : "";
    this.#dialog = element(
      "dialog",
      { class: "confirmation version-question", "aria-labelledby": "version-title", "aria-describedby": "version-text" },
      element("h2", { id: "version-title" }, `Publish version ${journey.version + 1} of “${journey.name}”?`),
      element("p", { id: "version-text" }, `Changed: ${changes.join(", ")}. Who enters from now on gets the new version.${second}`),
      tests === "" ? null : element("p", { class: "version-tests" }, tests),
      unseen === "" ? null : element("p", {}, unseen),
      element("fieldset", {}, element("legend", {}, "What becomes of customers under way?"), choices, this.#mapping, this.#drain),
      this.#preview,
      element("div", { class: "actions" }, element("button", { type: "button", class: "button", click: () => this.#dialog.close("no") }, "Cancel"), this.#verb),
    );
    this.#dialog.addEventListener("close", () => {
      this.#turn += 1;
      this.#dialog.remove();
      resolve(this.#dialog.returnValue === "yes" ? this.#answer : null);
    });
  }

  open() {
    document.body.append(this.#dialog);
    this.#dialog.showModal();
    this.#look();
  }

  /** Asks the API what the choice would do; publishing is offered only with the answer on the page. */
  async #look() {
    const policy = this.#dialog.querySelector("input[name=policy]:checked").value;
    this.#drain.hidden = policy !== "drain";
    this.#mapping.hidden = policy !== "map";
    this.#answer = this.#inFlight(policy);
    this.#verb.disabled = true;
    const turn = (this.#turn += 1);
    this.#preview.textContent = "Counting who is under way…";
    try {
      const preview = await this.#client.previewVersion(this.#journey.id, { config: this.#definition, in_flight: this.#answer });
      if (turn !== this.#turn) return;
      this.#showStanding(preview.groups);
      if (JSON.stringify(this.#inFlight(policy)) !== JSON.stringify(this.#answer)) return this.#look(); // steps to choose for have come to light
      this.#showPreview(preview);
      this.#verb.disabled = false;
    } catch (error) {
      if (turn === this.#turn) this.#preview.replaceChildren(element("p", { class: "failed" }, explain(error)));
    }
  }

  #inFlight(policy) {
    if (policy === "drain") return { policy, until: `${this.#until.value.slice(0, 16)}:00Z` };
    if (policy !== "map") return { policy };
    const steps = Object.fromEntries([...this.#targets].filter(([from, to]) => from !== to));
    return Object.keys(steps).length > 0 ? { policy, steps } : { policy: "follow" };
  }

  /** Offers a target for each step where customers stand. */
  #showStanding(groups) {
    const standing = [...new Set(groups.map(({ step }) => step).filter(Boolean))];
    if (JSON.stringify(standing) === JSON.stringify(this.#standing) && this.#mapping.childElementCount > 0) return;
    this.#standing = standing;
    const steps = Object.keys(this.#definition.steps);
    for (const step of standing) if (!this.#targets.has(step)) this.#targets.set(step, steps.includes(step) ? step : this.#definition.start);
    const rows = standing.map((step) => {
      const select = element(
        "select",
        { change: () => (this.#targets.set(step, select.value), this.#look()) },
        steps.map((name) => element("option", { value: name, selected: name === this.#targets.get(step) }, name)),
      );
      return element("label", {}, element("span", {}, `Who stands at ${step} goes on at`), select);
    });
    this.#mapping.replaceChildren(...(rows.length > 0 ? rows : [element("p", {}, "Nobody is under way, so there is nothing to choose.")]));
  }

  #showPreview({ groups, stay, go_on: goOn, leave, drained, removed_steps: removed }) {
    const parts = [[stay, "finish as they began"], [goOn, "go on in the new version"], [leave, "leave"], [drained, "go on until the moment chosen"]].filter(([number]) => number > 0);
    const total = parts.map(([number, what]) => `${counted(number, "customer")} ${what}`).join(", ");
    this.#preview.replaceChildren(
      element("p", { class: "version-total" }, total ? `${total}.` : "Nobody is under way now."),
      element("ul", {}, groups.map(({ sentence }) => element("li", {}, sentence))),
      removed.length > 0 ? element("p", {}, `Steps that are gone: ${removed.join(", ")}.`) : "",
    );
  }
}
