// What the editor has to tell above the document: kept text, somebody else's change, and what came of a request.

import { confirmed } from "/dashboard/confirmation.js";
import { differences } from "/dashboard/editor-document.js";
import { element } from "/dashboard/element.js";
import { moment } from "/dashboard/format.js";
import { ConnectionLost, explain, Problem } from "/dashboard/problem.js";

/** What differs between two states ({text, campaign}), in words. */
export function changesBetween(one, other) {
  const changes = differences(JSON.parse(one.text), JSON.parse(other.text));
  return one.campaign === other.campaign ? changes : [...changes, "campaign"];
}

export class EditorNotice {
  node = element("div", { class: "notice editor-notice", role: "status", "aria-live": "polite", hidden: true });

  clear() {
    this.node.hidden = true;
    this.node.replaceChildren();
  }

  /** A change of `journey` was saved. */
  done(text, { published, status }) {
    const isLate = !published && status !== "DRAFT";
    this.#say("good", isLate ? `${text} Kafka does not answer just now: the workers hear of it as soon as it does.` : text);
  }

  /** A request came to nothing, or nobody knows to what. */
  refused(error) {
    const isUnknown = error instanceof ConnectionLost || (error instanceof Problem && error.passes);
    this.failed(isUnknown ? "The server did not answer, so it is not known whether this was done. Press the button again: it is never done twice." : explain(error));
  }

  failed(text) {
    this.#say("failed", text);
  }

  /** Unsaved text from before is shown. */
  kept(at, throwAway) {
    this.#say("warning", `These are your unsaved changes of ${moment(at)}, kept in this tab.`, [], ["Throw them away", throwAway]);
  }

  /** Somebody else has changed the journey meanwhile. */
  conflict(journey, changes, acts) {
    const what = changes.length > 0 ? `They changed: ${changes.join(", ")}.` : "The definition is the same as before.";
    this.contest(`Somebody else has changed this journey since you opened it: it is now version ${journey.version}, of ${moment(journey.updated_at)}. ${what}`, acts);
  }

  /** What is here and what somebody else has saved exclude one another; `details` are lines about theirs. */
  contest(text, { take, keep }, details = []) {
    const takeTheirs = async () => {
      const lost = "Everything you have changed here since you opened it is lost.";
      if ((await confirmed({ title: "Take theirs?", text: lost, verb: "Take theirs", isGrave: true })) !== null) take();
    };
    this.#say("failed", `${text} Nothing of yours is saved, and nothing of theirs is overwritten.`, details, ["Take theirs", takeTheirs], ["Keep mine, in place of theirs", keep]);
  }

  /** A change was asked for that is not made yet. */
  proposed(text) {
    this.#say("warning", text);
  }

  /** The change waits for a second person. */
  waits(proposalId, open) {
    this.#say("warning", `It waits for a second person; nothing has changed yet. Somebody who may approve finds it under Proposals (${proposalId}).`, [], ["Open the journey", open]);
  }

  #say(tone, text, details = [], ...ways) {
    const shown = [tone, text, ...details].join(" ");
    if (!this.node.hidden && this.node.dataset.shown === shown) return;
    this.node.dataset.shown = shown;
    this.node.dataset.tone = tone;
    this.node.replaceChildren(
      element("p", {}, text),
      details.length > 0 ? element("ul", {}, details.map((line) => element("li", {}, line))) : "",
      ways.length > 0 ? element("div", { class: "actions" }, ways.map(([label, act]) => element("button", { type: "button", class: "button small", click: act }, label))) : "",
    );
    this.node.hidden = false;
  }
}
