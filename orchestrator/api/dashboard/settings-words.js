// The workspace's settings in the API's words: what holds, and what a change makes of it.

import { confirmed } from "/dashboard/confirmation.js";
import { element } from "/dashboard/element.js";
import { changesOfSettings } from "/dashboard/settings-changes.js";

const KINDS = { loosened: "Loosened", tightened: "Tightened", changed: "Changed" };

/**
 * What a change comes to: [{kind, path, text, until}], `path` being null for a rule that goes and `until` what it said so
 * far, "" for one that comes or goes. `before` and `after` are {settings, words}, `words` being what the API says of
 * them ({path, sentence}); a rule that has no words of its own there is one that does nothing.
 */
export function changesInWords(before, after) {
  const said = ({ words }, path) => words.find((one) => one.path === path)?.sentence;
  return changesOfSettings(before.settings, after.settings).flatMap(({ kind, before: was, after: is }) => {
    const [old, now] = [said(before, was), said(after, is)];
    if (now) return [{ kind, path: is, text: `${now}.`, until: old ? `Until now: ${inside(old)}.` : "" }];
    return old ? [{ kind, path: null, text: `No longer: ${inside(old)}.`, until: "" }] : [];
  });
}

/** A change in full. */
export const changeText = ({ text, until }) => `${text} ${until}`.trim();

/** The changes of an entry of the audit, in a line each; none where it is not about settings. */
export function auditedChanges({ before, after, before_in_words: was, after_in_words: is }) {
  if (was.length + is.length === 0) return [];
  const said = changesInWords({ settings: before, words: was }, { settings: after, words: is });
  return said.map(({ kind, path, text }) => (path === null ? text : `${KINDS[kind]}: ${inside(text)}`));
}

/** "At most 3" as "at most 3". */
const inside = (sentence) => sentence.charAt(0).toLowerCase() + sentence.slice(1);

/** A panel with everything that holds, or would; what differs from what holds is marked. */
export class SettingsWords {
  #title;
  #list = element("ul", { class: "settings-words" });
  #note = element("p", { class: "footnote", hidden: true });
  #shown = "";

  /** `heading`: of which level its title is. */
  constructor(heading) {
    this.#title = element(heading, { id: "words-title" });
    this.node = element("section", { class: "panel", "aria-labelledby": "words-title" }, this.#title, this.#list, this.#note);
  }

  /** `changes` are those of `changesInWords`; `note` says why there is more or less to read than one expects. */
  show(words, { title, changes = [], note = "" }) {
    const shown = JSON.stringify([words, title, changes, note]);
    if (shown === this.#shown) return;
    this.#shown = shown;
    this.#title.textContent = title;
    const changed = new Map(changes.map(({ path, kind }) => [path, kind]));
    const gone = changes.filter(({ path }) => path === null);
    this.#list.replaceChildren(
      ...words.map(({ path, sentence }) => line(`${sentence}.`, changed.get(path))),
      ...gone.map(({ text, kind }) => line(text, kind)),
    );
    this.#note.textContent = note;
    this.#note.hidden = note === "";
  }
}

const line = (text, kind) => element("li", { "data-kind": kind }, text, kind ? [" ", element("strong", {}, KINDS[kind])] : null);

/** The changes of `changesInWords` in full, what is loosened first; `heading`: of which level their titles are. */
export function changeLists(changes, heading = "h3") {
  const lists = Object.entries(KINDS).map(([kind, name]) => {
    const lines = changes.filter((change) => change.kind === kind);
    return lines.length === 0 ? null : element("section", { "data-kind": kind }, element(heading, {}, name), element("ul", {}, lines.map((change) => element("li", {}, changeText(change)))));
  });
  return changes.length > 0 ? element("div", { class: "settings-changes" }, lists) : element("p", {}, "What holds stays the same: only its wording differs.");
}

/**
 * Asks before settings are changed; `changes` are those of `changesInWords`, `waits`: a second person is needed. Resolves
 * to null when it was called off.
 */
export function askAboutSettings(changes, waits) {
  return confirmed({
    title: waits ? "Propose this for every journey?" : "Change what holds for every journey?",
    text: waits
      ? "The workspace asks for a second person, since this does not only tighten what holds. Nothing changes until somebody else who may approve agrees, under Proposals."
      : "It holds at once, also for customers under way.",
    details: changeLists(changes),
    verb: waits ? "Propose" : "Save",
    isGrave: changes.some(({ kind }) => kind === "loosened"),
  });
}
