// The editor: one document as form, as text and as a picture, checked as it is written, then kept or published.

import { Arrivals } from "/dashboard/arrivals.js";
import { unseenWords, withUnseen } from "/dashboard/editor-arrivals.js";
import { EditorBar, mayChange } from "/dashboard/editor-bar.js";
import { Check, problemsOf } from "/dashboard/editor-check.js";
import { keepCopy } from "/dashboard/editor-copy.js";
import { bodyOf, inReadingOrder, tidy } from "/dashboard/editor-document.js";
import { Form } from "/dashboard/editor-form.js";
import { TextView } from "/dashboard/editor-json.js";
import { Kept } from "/dashboard/editor-kept.js";
import { LeaveGuard } from "/dashboard/editor-leaving.js";
import { changesBetween, EditorNotice } from "/dashboard/editor-notice.js";
import { faults, stepOf, worded } from "/dashboard/editor-problem-words.js";
import { ProblemList } from "/dashboard/editor-problems.js";
import { askAboutStart, askAboutVersion } from "/dashboard/editor-publish.js";
import { journeySections } from "/dashboard/editor-sections.js";
import { TemplateChoice, TEMPLATES } from "/dashboard/editor-templates.js";
import { JourneyTests } from "/dashboard/editor-tests.js";
import { writeText } from "/dashboard/editor-text.js";
import { Views } from "/dashboard/editor-views.js";
import { element } from "/dashboard/element.js";
import { Picture } from "/dashboard/picture.js";
import { Problem } from "/dashboard/problem.js";

export class Editor {
  #client;
  #journeyId;
  #opened;
  #workspace = null;
  #base = { journey: null, etag: null, text: "", campaign: "" }; // what the changes are against
  #checked = null; // the answer to the text as it is; null while it is awaited
  #isBusy = false;
  #isLoaded = false;
  #kept = null;
  #guard;
  #notice = new EditorNotice();
  #form;
  #tests;
  #textView = new TextView((text) => this.#take(text, "text"));
  #views;
  #arrivals;
  #picture = new Picture({ label: "Picture of the journey as written", isWhole: true, choose: (step) => this.#openStep(step) });
  #checks = new ProblemList((path) => this.#views.lead(path), { nameOf: (path) => this.#form.nameOf(path) });
  #check;
  #campaign = element("input", { type: "text", maxlength: 255, autocomplete: "off", spellcheck: "false", input: () => this.#changed() });
  #start = new TemplateChoice((definition) => this.#useTemplate(definition), () => this.#isDirty);
  #bar;

  /** `journeyId` null: a new journey. `leave()` goes back; `opened(id)` shows a journey that was made. `copied()` shows the copy of one. `backtest()` opens one. */
  constructor(client, { journeyId, leave, opened, copied, backtest }) {
    this.#client = client;
    this.#journeyId = journeyId;
    this.#opened = opened;
    this.#arrivals = new Arrivals(() => client.eventTypes(), (hasOtherTypes) => hasOtherTypes && this.#checked && this.#check.ask(this.#views.read.value));
    this.#tests = new JourneyTests(client);
    this.#form = new Form({ sections: [...journeySections(this.#campaign), this.#tests.section], changed: (document) => this.#take(writeText(document), "form"), seen: () => this.#arrivals.seen });
    this.#check = new Check(async (definition) => withUnseen(await client.checkDefinition(definition), definition, this.#arrivals.seen), (answer) => this.#tellChecked(answer));
    this.#bar = new EditorBar({
      view: (view) => this.#views.show(view),
      cancel: async () => (await this.#guard.mayLeave()) && leave(), backtest,
      copy: async () => (await keepCopy(this.#base.journey, this.#workspace)) && copied(),
      save: () => this.#saveDraft(),
      publish: () => this.#askToPublish(),
    }, journeyId === null);
    this.#bar.node.append(this.#notice.node); // where it is seen however far down one reads
    this.#views = new Views(this.#form, this.#textView, (view) => this.#bar.showView(view));
    const picture = element("section", { class: "panel", "aria-labelledby": "editor-picture-title" }, element("h3", { id: "editor-picture-title" }, "Picture"), this.#picture.node);
    this.node = element(
      "section",
      { class: "editor", "aria-labelledby": "editor-title", "aria-busy": "true" },
      this.#bar.node,
      this.#start.node,
      element("div", { class: "editor-parts" }, this.#views.node, element("div", { class: "editor-aside" }, this.#checks.node, picture)),
    );
    this.#form.node.addEventListener("focusin", ({ target }) => this.#picture.follow(stepOf(target.closest(".step-card")?.dataset.path)));
    this.#guard = new LeaveGuard(() => this.#isDirty);
  }

  /** The first time reads what is to be edited, later only looks whether somebody else has changed it. */
  async refresh({ workspace }) {
    this.#workspace = workspace;
    if (!this.#isLoaded) await this.#load();
    else if (this.#base.journey && !this.#isBusy) await this.#lookForOthers();
    this.#arrivals.look(); // the page does not wait for Kafka
    this.#showState();
    return new Date().toISOString();
  }

  destroy() {
    this.#check.stop();
    this.#tests.stop();
    this.#guard.destroy();
    this.#picture.destroy();
  }

  /** What is written (null: it cannot be read), and the journey it is of (null: a new one). */
  written = () => ({ definition: this.#views.isReadable ? this.#views.read.value : null, journey: this.#base.journey });

  get #isDirty() {
    return this.#isLoaded && (this.#views.text !== this.#base.text || this.#campaign.value.trim() !== this.#base.campaign);
  }

  async #load() {
    const now = this.#journeyId === null ? this.#beginNew() : await this.#client.journeyNow(this.#journeyId);
    if (now) this.#beginWith(now);
    this.#kept = new Kept(this.#workspace.workspace_id, this.#journeyId);
    const kept = this.#kept.read();
    if (kept && mayChange(this.#workspace, this.#base.journey)) {
      this.#base = { ...this.#base, ...kept.base }; // what the kept text was written against
      this.#campaign.value = kept.campaign;
      this.#start.mark(null);
      this.#take(kept.text, "elsewhere");
      this.#notice.kept(kept.at, () => this.#throwAway());
    }
    this.#isLoaded = true;
    this.node.setAttribute("aria-busy", "false");
    if (kept && now) this.#meet(now);
  }

  #beginNew() {
    this.#bar.title = "New journey";
    this.#start.node.hidden = false;
    this.#beginWithFirst();
  }

  #beginWithFirst() {
    this.#start.mark(TEMPLATES[0].name);
    this.#setBase(null, null, TEMPLATES[0].definition, "");
  }

  #beginWith({ journey, etag }) {
    this.#bar.title = journey.status === "DRAFT" ? "Edit the draft" : "Edit";
    this.#start.node.hidden = true;
    this.#setBase(journey, etag, inReadingOrder(tidy(journey.config)), journey.campaign_id ?? "");
  }

  #setBase(journey, etag, definition, campaign) {
    this.#base = { journey, etag, text: writeText(definition), campaign };
    this.#campaign.value = campaign;
    this.#take(this.#base.text, "elsewhere");
  }

  #useTemplate(definition) {
    this.#setBase(null, null, definition, "");
    this.#notice.clear();
    this.#form.lead("$.name");
  }

  /** Takes a new text; the view it comes from is not drawn anew. */
  #take(text, from) {
    this.#views.take(text, from);
    const { isReadable, read } = this.#views;
    this.#checked = null;
    this.#tests.changed();
    const isOpen = mayChange(this.#workspace, this.#base.journey);
    if (isReadable) this.#picture.update(read.value, faults(this.#form.problems));
    else this.#checks.show([], []); // they were of another text
    if (isReadable && isOpen) this.#check.ask(read.value);
    else this.#check.stop();
    if (isReadable && !isOpen && this.#base.journey) this.#tests.play(read.value); // it was checked when it was published
    this.#changed();
  }

  #changed() {
    const { etag, text, campaign } = this.#base;
    if (this.#isDirty) this.#kept?.write({ text: this.#views.text, campaign: this.#campaign.value, base: { etag, text, campaign } });
    else if (this.#isLoaded) this.#kept?.forget();
    this.#showState();
  }

  #tellChecked(answer) {
    const problems = worded(answer.problems, this.#views.read.value);
    this.#checked = { ...answer, problems };
    this.#checks.show(problems, worded(answer.warnings, this.#views.read.value), answer.note);
    this.#form.showProblems(problems);
    this.#picture.update(this.#views.read.value, faults(problems));
    if (answer.failure === "") this.#tests.play(answer.isSound ? this.#views.read.value : null);
    this.#showState();
  }

  #showState() {
    const { isReadable } = this.#views;
    const isOpen = mayChange(this.#workspace, this.#base.journey);
    this.#form.node.disabled = !isOpen || this.#isBusy || !isReadable;
    this.#textView.isReadOnly = !isOpen || this.#isBusy;
    this.#checks.node.hidden = !isOpen; // who may only look is not checked
    this.#bar.show({ workspace: this.#workspace, journey: this.#base.journey, isReadable, isDirty: this.#isDirty, isBusy: this.#isBusy, checked: this.#checked });
    this.#checks.tell(isReadable, this.#checked);
  }

  #openStep(step) {
    this.#views.show("form");
    return step === null ? this.#form.lead("$.entry") : this.#form.openStep(step);
  }

  async #lookForOthers() {
    const { version, updated_at } = await this.#client.journey(this.#journeyId);
    if (version !== this.#base.journey.version || updated_at !== this.#base.journey.updated_at) this.#meet(await this.#client.journeyNow(this.#journeyId));
  }

  /** The journey is not as it was when this was begun: takes it over where nothing is lost, and asks otherwise. */
  #meet({ journey, etag }) {
    if (etag === this.#base.etag || this.#isBusy) return;
    const theirs = { text: writeText(tidy(journey.config)), campaign: journey.campaign_id ?? "" };
    const changes = changesBetween(this.#base, theirs);
    if (changes.length === 0) this.#base = { ...this.#base, journey, etag }; // paused, or resumed
    else if (!this.#isDirty) this.#adopt({ journey, etag });
    else this.#notice.conflict(journey, changes, { take: () => this.#adopt({ journey, etag }), keep: () => this.#keepMine({ journey, etag }) });
  }

  /** What is saved now takes the place of what is here. */
  #adopt(now) {
    this.#beginWith(now);
    this.#notice.clear();
    this.#changed();
  }

  /** What is here goes on, now as a change of what somebody else has saved. */
  #keepMine({ journey, etag }) {
    const [text, campaign] = [this.#views.text, this.#campaign.value];
    this.#beginWith({ journey, etag });
    this.#campaign.value = campaign;
    this.#take(text, "elsewhere");
    this.#notice.clear();
  }

  #throwAway() {
    this.#kept.forget();
    this.#notice.clear();
    if (this.#base.journey === null) this.#beginWithFirst();
    else this.#client.journeyNow(this.#journeyId).then((now) => this.#adopt(now), (error) => this.#notice.refused(error));
  }

  #saveDraft() {
    const body = this.#body();
    const { journey, etag } = this.#base;
    return this.#send(() => (journey === null ? this.#client.createJourney({ ...body, status: "DRAFT" }) : this.#client.changeJourney(journey.id, body, etag)), "Saved.");
  }

  async #askToPublish() {
    const { journey, etag } = this.#base; // what the reader decides on, whatever comes while the question is open
    const body = this.#body();
    const unseen = unseenWords(body.config, this.#arrivals.seen);
    if (journey === null || journey.status === "DRAFT") {
      if ((await askAboutStart(body.config, this.#workspace, this.#checked.warnings, unseen)) === null) return;
      const start = { ...body, status: "ACTIVE" };
      return this.#send(() => (journey === null ? this.#client.createJourney(start) : this.#client.changeJourney(journey.id, start, etag)), "", true);
    }
    const changes = changesBetween(this.#base, { text: this.#views.text, campaign: this.#campaign.value.trim() });
    const inFlight = await askAboutVersion({ client: this.#client, journey, definition: body.config, changes, workspace: this.#workspace, warnings: this.#checked.warnings, unseen });
    if (inFlight !== null) await this.#send(() => this.#client.changeJourney(journey.id, { ...body, in_flight: inFlight }, etag), `Version ${journey.version + 1} is published.`);
  }

  #body() {
    return bodyOf(this.#base, this.#views.read.value, this.#campaign.value.trim());
  }

  /** Sends a change; the reader is told what came of it, and loses nothing when it is refused. */
  async #send(request, done, isStart = this.#base.journey === null) {
    this.#isBusy = true;
    this.#notice.clear();
    this.#showState();
    try {
      const { journey, etag, isWaiting } = await request();
      this.#isBusy = false;
      this.#kept.forget();
      this.#journeyId = journey.id;
      if (isWaiting) this.#waits(journey, etag);
      else this.#adopt({ journey, etag });
      if (isStart && !isWaiting) this.#opened(journey.id);
      else if (!isWaiting) this.#notice.done(done, journey);
    } catch (error) {
      this.#isBusy = false;
      await this.#refused(error);
    } finally {
      this.#showState();
    }
  }

  /** A second person has to agree: nothing has changed yet, so there is nothing more to save here. */
  #waits(journey, etag) {
    this.#kept = new Kept(this.#workspace.workspace_id, journey.id);
    this.#base = { journey, etag, text: this.#views.text, campaign: this.#campaign.value.trim() };
    this.#start.node.hidden = true;
    this.#notice.waits(journey.proposal_id, () => this.#opened(journey.id));
  }

  async #refused(error) {
    if (error instanceof Problem && error.status === 412) {
      this.#meet(await this.#client.journeyNow(this.#journeyId));
      if (this.#notice.node.hidden) this.#notice.failed("The journey has just been paused, resumed or renamed; its definition is the same. Look at its status, then press the button again.");
      return;
    }
    const problems = problemsOf(error);
    if (problems.length > 0) this.#tellChecked({ isSound: false, problems, warnings: [], failure: "" });
    this.#notice.refused(error);
  }
}
