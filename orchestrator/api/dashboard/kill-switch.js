// The kill switch: every message of the workspace stops at once, and goes on when an admin says so.

import { confirmed } from "/dashboard/confirmation.js";
import { element } from "/dashboard/element.js";
import { count } from "/dashboard/format.js";
import { explain } from "/dashboard/problem.js";

export class KillSwitch {
  #client;
  #changed;
  #shown = "";
  #switch = element("div", { class: "kill-switch" });
  #said = element("p", { class: "effect", role: "status" });
  node = element("section", { class: "panel", "aria-labelledby": "switch-title" }, element("h2", { id: "switch-title" }, "Kill switch"), this.#switch, this.#said);

  /** `changed()` is called when it has been used. */
  constructor(client, changed) {
    this.#client = client;
    this.#changed = changed;
  }

  show({ is_sending, role }) {
    const shown = `${is_sending} ${role}`;
    if (this.#shown === shown) return;
    this.#shown = shown;
    const may = is_sending ? role !== "viewer" : role === "admin";
    const button = is_sending
      ? element("button", { type: "button", class: "button grave", click: () => this.#turn(false) }, "Stop all sending")
      : element("button", { type: "button", class: "button primary", click: () => this.#turn(true) }, "Send again");
    this.#switch.replaceChildren(
      element("p", {}, is_sending ? "Journeys send. The kill switch stops every message of this workspace at once." : "Nothing is sent: every journey of this workspace is silenced."),
      may ? button : element("p", { class: "footnote" }, is_sending ? "Your key may not use it." : "An admin can switch sending on again."),
    );
  }

  async #turn(isOn) {
    const choice = await confirmed({
      title: isOn ? "Send again?" : "Stop all sending?",
      text: isOn ? "Journeys send from now on. What fell due meanwhile is decided as it comes up." : "No journey of this workspace sends anything until an admin switches it on again. Events are still recorded.",
      verb: isOn ? "Send again" : "Stop all sending",
      isGrave: !isOn,
    });
    if (choice === null) return;
    const began = performance.now();
    try {
      const { published } = await this.#client.changeWorkspace({ is_sending: isOn });
      const took = count(Math.max(1, Math.round(performance.now() - began)));
      this.#said.className = "effect";
      this.#said.textContent = published ? `${isOn ? "Sending" : "Stopped"}; handed to the workers in ${took} ms.` : "Saved, but Kafka does not answer: the workers hear of it as soon as it does.";
    } catch (error) {
      this.#said.className = "effect failed";
      this.#said.textContent = explain(error);
    }
    this.#changed();
  }
}
