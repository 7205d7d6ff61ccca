// Where the page begins: decides what to show and keeps it fresh.

import { hrefTo, readAddress, showAddress } from "/dashboard/address.js";
import { Client } from "/dashboard/client.js";
import { element } from "/dashboard/element.js";
import { useZone } from "/dashboard/format.js";
import { JourneyList } from "/dashboard/journey-list.js";
import { JourneyView } from "/dashboard/journey.js";
import { Kept } from "/dashboard/kept.js";
import { Masthead } from "/dashboard/masthead.js";
import { NewJourney } from "/dashboard/new-journey.js";
import { Poller } from "/dashboard/poller.js";
import { explain, Problem, SignInOver } from "/dashboard/problem.js";
import { SendingSwitch } from "/dashboard/sending.js";
import { acceptLink, currentCredential, forgetCredential, rememberKey } from "/dashboard/session.js";
import { SignIn } from "/dashboard/sign-in.js";
import { knownZone } from "/dashboard/zone.js";

const WAITING_AGE_MS = 20_000;
const MOST_WAITING = 100;

/** The pages, each with the view that shows it: those that are opened seldom are loaded when they are. */
const VIEWS = {
  journeys: async () => JourneyList,
  journey: async () => JourneyView,
  new: async () => NewJourney,
  proposals: async () => (await import("/dashboard/proposals-page.js")).ProposalsPage,
  audit: async () => (await import("/dashboard/audit-page.js")).AuditPage,
  keys: async () => (await import("/dashboard/keys-page.js")).KeysPage,
  settings: async () => (await import("/dashboard/settings-page.js")).SettingsPage,
};

class Dashboard {
  #main = document.getElementById("main");
  #notice = document.getElementById("notice");
  #colophon = document.getElementById("colophon");
  #switch = new SendingSwitch(() => {
    this.#waiting?.forget(); // to allow sending again may wait as well
    this.#poller?.now();
  });
  #masthead = new Masthead(document.getElementById("masthead"), { leave: () => this.#leave(), stop: this.#switch.button });
  #client = null;
  #credential = null;
  #view = null;
  #poller = null;
  #freshAt = null;
  #waiting = null;
  #turn = 0; // counts the places shown: a view that was loaded too late is dropped

  constructor() {
    this.#notice.before(this.#switch.node);
    document.getElementById("skip").addEventListener("click", () => this.#main.focus());
    this.#begin();
  }

  /** Somebody may come back from the provider's sign-in. */
  async #begin() {
    let failure = "";
    if (location.search) {
      const { comeBack, isReturn } = await import("/dashboard/authorisation.js");
      if (isReturn(location.search)) {
        this.#tell("You are being signed in…");
        failure = await comeBack();
      }
    }
    addEventListener("hashchange", () => this.#followAddress());
    if (failure) this.#showSignIn(failure);
    else this.#followAddress();
  }

  async #followAddress() {
    acceptLink();
    const credential = currentCredential();
    if (credential === null) this.#showSignIn();
    else await this.#showPlace(credential, readAddress());
  }

  #showSignIn(failure = "") {
    this.#leaveView();
    this.#client = null;
    this.#credential = null;
    this.#masthead.showSignedOut();
    this.#switch.hide();
    this.#tell("");
    const form = new SignIn((key) => {
      rememberKey(key);
      this.#followAddress();
    }, failure);
    this.#main.replaceChildren(form.node);
    form.focus();
  }

  async #showPlace(credential, address) {
    const zone = knownZone(address.zone);
    useZone(zone);
    this.#colophon.textContent = `Times are those of ${zone}. Figures refresh every two seconds while this page is visible.`;
    this.#masthead.showPlace(address);
    this.#switch.hush();
    if (credential === this.#credential && this.#view?.follow?.(address)) {
      this.#poller.now();
      return;
    }
    const isNewPlace = this.#view !== null;
    this.#leaveView();
    const turn = this.#turn;
    if (credential !== this.#credential) this.#use(credential);
    let View;
    try {
      View = await VIEWS[address.page]();
    } catch (error) {
      if (turn === this.#turn) this.#fail(error);
      return;
    }
    if (turn !== this.#turn) return;
    this.#view = new View(this.#client, address, this.#shell());
    this.#main.replaceChildren(this.#view.node);
    this.#freshAt = null;
    this.#poller = new Poller(
      () => this.#refresh(),
      (error) => this.#fail(error),
    );
    if (!isNewPlace) return;
    scrollTo(0, 0);
    this.#main.focus({ preventScroll: true });
  }

  #use(credential) {
    this.#credential = credential;
    this.#client = new Client(credential);
    this.#waiting = new Kept(() => this.#client.proposals({ status: "open", limit: MOST_WAITING }), WAITING_AGE_MS);
  }

  /** What a view may ask of the page. */
  #shell() {
    return {
      /** Shows another address; `replace`: without a step in the history. */
      show: (address, options) => {
        showAddress(address, options);
        this.#followAddress();
      },
      refresh: () => this.#poller?.now(),
      /** What waits for a second person has changed. */
      recount: () => this.#waiting.forget(),
    };
  }

  async #refresh() {
    const view = this.#view;
    const workspace = await this.#client.workspace();
    this.#masthead.showWorkspace(workspace);
    this.#switch.show(this.#client, workspace);
    const freshAt = await view.refresh(workspace);
    if (view !== this.#view) return;
    this.#freshAt = freshAt ?? new Date().toISOString();
    this.#masthead.showFreshness(this.#freshAt, true);
    this.#tell("");
    const { items, next_cursor } = await this.#waiting.value();
    this.#masthead.showWaiting(items.length, next_cursor !== null);
  }

  #fail(error) {
    if (error instanceof SignInOver || (error instanceof Problem && error.status === 401)) {
      forgetCredential();
      this.#showSignIn(explain(error)); // the address stays, and so does what is unsaved in the editor
      return;
    }
    this.#masthead.showFreshness(this.#freshAt, false);
    this.#tell(explain(error), "failed");
    if (error instanceof Problem && error.status === 404 && this.#freshAt === null) this.#offerWayBack();
    if (!(error instanceof Problem) && error.cause === undefined) console.error(error);
  }

  /** There is nothing at this address: nothing is shown that would never be filled. */
  #offerWayBack() {
    this.#poller?.stop();
    this.#main.replaceChildren(element("a", { class: "back", href: hrefTo({}) }, "← All journeys"));
  }

  /** Out of here, and where the provider says how, out of there. */
  #leave() {
    const wayOut = currentCredential()?.wayOut() ?? null;
    this.#signOut();
    if (wayOut !== null) location.assign(wayOut);
  }

  #signOut() {
    forgetCredential();
    showAddress({}, { replace: true });
    this.#showSignIn();
  }

  /** Says `text` above the content, or takes back what stood there. */
  #tell(text, tone = "warning") {
    this.#notice.dataset.tone = tone;
    if (this.#notice.textContent !== text) this.#notice.textContent = text;
    this.#notice.hidden = text === "";
  }

  #leaveView() {
    this.#turn += 1;
    this.#poller?.stop();
    this.#view?.destroy();
    this.#poller = null;
    this.#view = null;
  }
}

new Dashboard();
