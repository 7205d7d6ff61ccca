// Where the page begins: decides what to show and keeps it fresh.

import { readAddress, showAddress } from "/dashboard/address.js";
import { Client } from "/dashboard/client.js";
import { JourneyList } from "/dashboard/journey-list.js";
import { JourneyView } from "/dashboard/journey.js";
import { Masthead } from "/dashboard/masthead.js";
import { Poller } from "/dashboard/poller.js";
import { explain, Problem } from "/dashboard/problem.js";
import { acceptLink, currentKey, forgetKey, rememberKey } from "/dashboard/session.js";
import { SignIn } from "/dashboard/sign-in.js";

const SENDING_IS_OFF = "Sending is switched off for the whole workspace: no journey sends anything until an admin switches it on again.";

class Dashboard {
  #main = document.getElementById("main");
  #notice = document.getElementById("notice");
  #masthead = new Masthead(document.getElementById("masthead"), { home: () => this.#go({}), leave: () => this.#signOut("") });
  #client = null;
  #view = null;
  #poller = null;
  #freshAt = null;

  constructor() {
    document.getElementById("skip").addEventListener("click", () => this.#main.focus());
    addEventListener("hashchange", () => this.#followAddress());
    this.#followAddress();
  }

  #followAddress() {
    acceptLink();
    const key = currentKey();
    if (key === null) this.#showSignIn();
    else this.#showPlace(key);
  }

  #showSignIn(failure = "") {
    this.#leaveView();
    this.#client = null;
    this.#masthead.showSignedOut();
    this.#tell("");
    const form = new SignIn((key) => {
      rememberKey(key);
      this.#showPlace(key);
    }, failure);
    this.#main.replaceChildren(form.node);
    form.focus();
  }

  #showPlace(key) {
    this.#leaveView();
    this.#client = new Client(key);
    const { journey, period } = readAddress();
    this.#view = journey ? new JourneyView(this.#client, { id: journey, period }, this.#shell(journey)) : new JourneyList(this.#client, (id) => this.#go({ journey: id }));
    this.#main.replaceChildren(this.#view.node);
    this.#freshAt = null;
    this.#poller = new Poller(
      () => this.#refresh(),
      (error) => this.#fail(error),
    );
  }

  #shell(journey) {
    return {
      leave: () => this.#go({}),
      refresh: () => this.#poller.now(),
      rememberPeriod: (period) => showAddress({ journey, period }, { replace: true }),
    };
  }

  async #refresh() {
    const view = this.#view;
    const workspace = await this.#client.workspace();
    this.#masthead.showWorkspace(workspace);
    const freshAt = await view.refresh(workspace);
    if (view !== this.#view) return;
    this.#freshAt = freshAt;
    this.#masthead.showFreshness(freshAt, true);
    this.#tell(workspace.is_sending ? "" : SENDING_IS_OFF);
  }

  #fail(error) {
    if (error instanceof Problem && error.status === 401) {
      this.#signOut(explain(error));
      return;
    }
    this.#masthead.showFreshness(this.#freshAt, false);
    this.#tell(explain(error), "failed");
    if (!(error instanceof Problem) && error.cause === undefined) console.error(error);
  }

  #signOut(failure = "") {
    forgetKey();
    showAddress({}, { replace: true });
    this.#showSignIn(failure);
  }

  #go(address) {
    showAddress(address);
    this.#followAddress();
    scrollTo(0, 0);
    this.#main.focus({ preventScroll: true });
  }

  /** Says `text` above the content, or takes back what stood there. */
  #tell(text, tone = "warning") {
    this.#notice.dataset.tone = tone;
    if (this.#notice.textContent !== text) this.#notice.textContent = text;
    this.#notice.hidden = text === "";
  }

  #leaveView() {
    this.#poller?.stop();
    this.#view?.destroy();
    this.#poller = null;
    this.#view = null;
  }
}

new Dashboard();
