// The settings of the workspace as form and as text, checked as they are written, then saved for every journey.

import { confirmed } from "/dashboard/confirmation.js";
import { Check, problemsOf } from "/dashboard/editor-check.js";
import { isSame } from "/dashboard/editor-document.js";
import { Form } from "/dashboard/editor-form.js";
import { TextView } from "/dashboard/editor-json.js";
import { Kept } from "/dashboard/editor-kept.js";
import { LeaveGuard } from "/dashboard/editor-leaving.js";
import { EditorNotice } from "/dashboard/editor-notice.js";
import { worded } from "/dashboard/editor-problem-words.js";
import { ProblemList } from "/dashboard/editor-problems.js";
import { writeText } from "/dashboard/editor-text.js";
import { Views } from "/dashboard/editor-views.js";
import { element } from "/dashboard/element.js";
import { Problem } from "/dashboard/problem.js";
import { SettingsBar } from "/dashboard/settings-bar.js";
import { changeOf, complete, met, settingName, settingsOf } from "/dashboard/settings-document.js";
import { SETTINGS_SECTIONS } from "/dashboard/settings-sections.js";
import { askAboutSettings, changesInWords, changeText, SettingsWords } from "/dashboard/settings-words.js";

const isOutdated = (error) => error instanceof Problem && error.status === 412;

export class SettingsEditor {
  #client;
  #saved;
  #latest; // the workspace as it was last read
  #base; // what the changes are against: {workspace, settings, words, mark}
  #checked = null; // the answer to the text as it is; null while it is awaited
  #isBusy = false;
  #isContested = false;
  #kept;
  #guard = new LeaveGuard(() => this.#isDirty);
  #notice = new EditorNotice();
  #form = new Form({ sections: SETTINGS_SECTIONS, changed: (document) => this.#take(writeText(document), "form") });
  #textView = new TextView((text) => this.#take(text, "text"), "Settings as JSON");
  #views = new Views(this.#form, this.#textView, (view) => this.#bar.showView(view));
  #checks = new ProblemList((path) => this.#views.lead(path), { done: "saved", whole: "The settings", nameOf: (path) => this.#form.nameOf(path) });
  #check;
  #words = new SettingsWords("h3");
  #bar = new SettingsBar({ view: (view) => this.#views.show(view), undo: () => this.#undo(), save: () => this.#save() });

  /** `saved()` is called when something has been. */
  constructor(client, workspace, saved) {
    this.#client = client;
    this.#saved = saved;
    this.#check = new Check((document) => client.checkWorkspace(complete(document)), (answer) => this.#tellChecked(answer));
    this.#kept = new Kept(workspace.workspace_id, "settings");
    this.node = element(
      "section",
      { class: "editor", "aria-labelledby": "whole-title" },
      this.#bar.node,
      this.#notice.node,
      element("div", { class: "editor-parts" }, this.#views.node, element("div", { class: "editor-aside" }, this.#checks.node, this.#words.node)),
    );
    this.#begin(workspace);
  }

  /** Somebody may have changed the settings: takes that over where nothing is lost, and asks otherwise. */
  meet(workspace) {
    const isOld = (workspace.updated_at ?? "") < (this.#base.workspace.updated_at ?? "");
    if (this.#isBusy || isOld) return;
    this.#latest = workspace;
    const theirs = settingsOf(workspace);
    const isAsBefore = isSame(theirs, this.#base.settings); // the kill switch has been used, or nothing has changed
    if (isAsBefore && this.#isContested) this.#goOn(workspace, this.#views.text);
    else if (isAsBefore) this.#base = this.#baseOf(workspace);
    else if (!this.#isDirty) this.#adopt(workspace);
    else this.#merge(workspace, theirs);
    this.#showState();
  }

  destroy() {
    this.#check.stop();
    this.#guard.destroy();
  }

  get #isDirty() {
    return !this.#views.isReadable || !isSame(complete(this.#views.read.value), complete(this.#base.settings));
  }

  #begin(workspace) {
    const kept = this.#kept.read();
    this.#adopt(workspace);
    if (kept === null) return;
    this.#base = { ...this.#base, ...kept.base }; // what the kept text was written against
    this.#take(kept.text, "elsewhere");
    this.meet(workspace);
    if (this.#isDirty && !this.#isContested) this.#notice.kept(kept.at, () => this.#adopt(this.#latest));
  }

  #baseOf(workspace) {
    return { workspace, settings: settingsOf(workspace), words: workspace.in_words, mark: this.#client.workspaceMark };
  }

  /** What is saved now takes the place of what is here. */
  #adopt(workspace) {
    this.#goOn(workspace, writeText(settingsOf(workspace)));
  }

  /** Goes on with a text, as a change of what somebody has saved. */
  #goOn(workspace, text) {
    this.#latest = workspace;
    this.#base = this.#baseOf(workspace);
    this.#isContested = false;
    this.#notice.clear();
    this.#take(text, "elsewhere");
  }

  #merge(workspace, theirs) {
    const base = this.#base;
    const { isReadable } = this.#views;
    const mine = () => (isReadable ? writeText(met(base.settings, this.#views.read.value, theirs).document) : this.#views.text);
    const contested = isReadable ? met(base.settings, this.#views.read.value, theirs).contested : Object.keys(changeOf(base.settings, theirs));
    if (contested.length === 0) {
      this.#goOn(workspace, mine());
      return;
    }
    this.#isContested = true;
    const changes = changesInWords(base, { settings: theirs, words: workspace.in_words });
    this.#notice.contest(
      `Somebody else has changed the same meanwhile: ${contested.map(settingName).join(", ")}.`,
      { take: () => this.#adopt(this.#latest), keep: () => this.#goOn(workspace, mine()) },
      changes.map(changeText),
    );
  }

  /** Takes a new text; the view it comes from is not drawn anew. */
  #take(text, from) {
    this.#views.take(text, from);
    const { isReadable, read } = this.#views;
    this.#checked = null;
    if (isReadable) this.#check.ask(read.value);
    else this.#check.stop();
    this.#changed();
  }

  #changed() {
    if (this.#isDirty) this.#kept.write({ text: this.#views.text, base: { settings: this.#base.settings, words: this.#base.words } });
    else this.#kept.forget();
    this.#showState();
  }

  #tellChecked(answer) {
    const problems = worded(answer.problems, this.#views.read.value);
    this.#checked = { ...answer, problems };
    this.#checks.show(problems, []);
    this.#form.showProblems(problems);
    this.#showState();
  }

  #showState() {
    const { isReadable } = this.#views;
    this.#form.node.disabled = this.#isBusy || !isReadable;
    this.#textView.isReadOnly = this.#isBusy;
    this.#bar.show({ isReadable, isDirty: this.#isDirty, isBusy: this.#isBusy, isContested: this.#isContested, checked: this.#checked });
    this.#checks.tell(isReadable, this.#checked);
    this.#checks.node.hidden = !this.#isDirty;
    this.#showWords();
  }

  /** What would hold; until that is known, what holds. */
  #showWords() {
    const { words } = this.#base;
    if (!this.#isDirty) this.#words.show(words, { title: "What holds" });
    else if (this.#checked?.isSound) this.#words.show(this.#checked.inWords, { title: "What will hold, once it is saved", changes: this.#changesNow() });
    else if (this.#checked !== null || !this.#views.isReadable) this.#words.show(words, { title: "What holds", note: "What will hold is told here as soon as the problems are mended." });
  }

  #changesNow() {
    return changesInWords(this.#base, { settings: this.#views.read.value, words: this.#checked.inWords });
  }

  async #undo() {
    const text = "Everything you have changed here since you began is lost.";
    if ((await confirmed({ title: "Undo your changes?", text, verb: "Undo changes", isGrave: true })) !== null) this.#adopt(this.#latest);
  }

  async #save() {
    const { settings, mark } = this.#base; // what the reader decides on, whatever comes while the question is open
    const change = changeOf(settings, this.#views.read.value);
    if ((await askAboutSettings(this.#changesNow(), this.#checked.waits)) === null) return;
    this.#isBusy = true;
    this.#notice.clear();
    this.#showState();
    try {
      const saved = await this.#send(change, settings, mark);
      const now = await this.#client.workspace();
      this.#isBusy = false;
      this.#adopt(now);
      if (saved.proposal_id) this.#notice.proposed("It waits for a second person; nothing has changed yet. Somebody else who may approve finds it under Proposals.");
      else this.#notice.done("Saved: it holds for every journey.", saved);
      this.#saved();
    } catch (error) {
      this.#isBusy = false;
      await this.#refused(error);
    } finally {
      this.#showState();
    }
  }

  /** Sends the change; where somebody else has meanwhile changed only what it does not touch, once more. */
  async #send(change, settings, mark) {
    try {
      return await this.#client.changeWorkspace(change, mark);
    } catch (error) {
      if (!isOutdated(error)) throw error;
      const theirs = changeOf(settings, settingsOf(await this.#client.workspace()));
      if (Object.keys(change).some((name) => name in theirs)) throw error;
      return this.#client.changeWorkspace(change, this.#client.workspaceMark);
    }
  }

  async #refused(error) {
    if (isOutdated(error)) {
      this.meet(await this.#client.workspace());
      if (this.#notice.node.hidden) this.#notice.failed("Somebody else has just saved settings. Look at what holds now; what is yours is still here to be saved.");
      return;
    }
    const problems = problemsOf(error);
    if (problems.length > 0) this.#tellChecked({ isSound: false, problems, warnings: [], failure: "" });
    this.#notice.refused(error);
  }
}
