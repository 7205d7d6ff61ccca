// Stop all sending, and allow it again: reached from every page, told on every page while nothing is sent.

import { confirmed } from "/dashboard/confirmation.js";
import { element } from "/dashboard/element.js";
import { count } from "/dashboard/format.js";
import { explain } from "/dashboard/problem.js";

const STOP = {
  title: "Stop all sending?",
  text: "No journey of this workspace sends anything until an admin allows it again.",
  points: [
    "Nobody enters any journey meanwhile. Whoever does then what starts one is not taken in later.",
    "Customers under way stay where they are; what they do still counts.",
    "Messages that are already with a provider cannot be called back.",
  ],
  verb: "Stop all sending",
  isGrave: true,
};
const ALLOW = {
  title: "Allow sending again?",
  text: "Nothing is sent twice. What fell due meanwhile and is still worth sending goes out, little by little; the rest is dropped.",
  points: [
    "Customers enter again. Whoever did meanwhile what starts a journey is not taken in.",
    "Of a schedule that has come round meanwhile, the latest time is made up for.",
    "Journeys that are paused stay paused.",
  ],
  verb: "Allow sending again",
};

/** Whether a role may do what is left to do: to stop is for whoever changes journeys, to allow it again for admins. */
export const maySwitch = ({ is_sending, role }) => (is_sending ? role !== "viewer" : role === "admin");

const PROPOSE = {
  ...ALLOW,
  title: "Propose to allow sending again?",
  text: `The workspace asks for a second person: nothing is sent until somebody else who may approve agrees, under Proposals. ${ALLOW.text}`,
  verb: "Propose",
};

/**
 * Asks first, then stops all sending or allows it, which waits where the workspace `hasSecond` person; what came of it as
 * {text, isDone}, null when it was called off.
 */
export async function switchSending(client, isOn, hasSecond) {
  if ((await confirmed(isOn ? (hasSecond ? PROPOSE : ALLOW) : STOP)) === null) return null;
  const began = performance.now();
  try {
    const { published, proposal_id } = await client.changeWorkspace({ is_sending: isOn });
    if (proposal_id) return { text: "To allow sending again waits for a second person: somebody else who may approve finds it under Proposals.", isDone: true };
    const took = count(Math.max(1, Math.round(performance.now() - began)));
    const done = isOn ? "Sending is allowed again" : "All sending is stopped";
    const text = published ? `${done}. Passed on in ${took} ms.` : `${done}: saved, but not passed on yet, since Kafka does not answer. It holds as soon as it does.`;
    return { text, isDone: true };
  } catch (error) {
    return { text: explain(error), isDone: false };
  }
}

export class SendingSwitch {
  #client = null;
  #changed;
  #shown = "";
  #hasSecond = false;
  #said = element("p", { role: "status", "aria-live": "polite" });
  #about = element("p", {});
  #allow = element("button", { type: "button", class: "button", hidden: true, click: () => this.#turn(true) }, "Allow sending again");
  /** For the masthead. */
  button = element("button", { type: "button", class: "button small stop-all", hidden: true, click: () => this.#turn(false) }, "Stop all sending");
  /** Beneath the masthead: what holds, and what came of the last press. */
  node = element("div", { class: "notice silence", hidden: true }, element("div", {}, this.#about, this.#said), this.#allow);

  /** `changed()` is called when something has been switched. */
  constructor(changed) {
    this.#changed = changed;
  }

  hide() {
    this.#client = null;
    this.#shown = "";
    this.button.hidden = true;
    this.node.hidden = true;
    this.hush();
  }

  /** What was told of the last press goes when something else is done. */
  hush() {
    this.#said.textContent = "";
    this.node.hidden = this.#about.textContent === "";
  }

  show(client, { is_sending, role, needs_approval }) {
    this.#client = client;
    this.#hasSecond = needs_approval;
    const shown = `${is_sending} ${role}`;
    if (shown === this.#shown) return;
    this.#shown = shown;
    const hadFocus = document.activeElement === this.button || document.activeElement === this.#allow;
    const may = maySwitch({ is_sending, role });
    this.button.hidden = !is_sending || !may;
    this.#allow.hidden = is_sending || !may;
    const ask = role === "admin" ? "" : " An admin can allow it again.";
    this.#about.textContent = is_sending ? "" : `Sending is switched off for the whole workspace: nobody enters a journey and nothing is sent.${ask}`;
    this.node.dataset.tone = is_sending ? "good" : "failed";
    this.node.hidden = is_sending && this.#said.textContent === "";
    if (hadFocus) (is_sending ? this.button : this.#allow).focus();
  }

  async #turn(isOn) {
    this.hush();
    const told = await switchSending(this.#client, isOn, this.#hasSecond);
    if (told === null) return;
    this.#said.textContent = told.text;
    if (!told.isDone) this.node.dataset.tone = "failed";
    this.node.hidden = false;
    this.#changed();
  }
}
