// Stop all sending, on the page of the settings: what holds, and the button that every page has as well.

import { element } from "/dashboard/element.js";
import { maySwitch, switchSending } from "/dashboard/sending.js";

export class KillSwitch {
  #client;
  #changed;
  #shown = "";
  #hasSecond = false;
  #switch = element("div", { class: "kill-switch" });
  #said = element("p", { class: "effect", role: "status" });
  node = element("section", { class: "panel", "aria-labelledby": "switch-title" }, element("h2", { id: "switch-title" }, "Stop all sending"), this.#switch, this.#said);

  /** `changed()` is called when it has been used. */
  constructor(client, changed) {
    this.#client = client;
    this.#changed = changed;
  }

  show({ is_sending, role, needs_approval }) {
    this.#hasSecond = needs_approval;
    const shown = `${is_sending} ${role}`;
    if (this.#shown === shown) return;
    this.#shown = shown;
    const may = maySwitch({ is_sending, role });
    const button = is_sending
      ? element("button", { type: "button", class: "button grave", click: () => this.#turn(false) }, "Stop all sending")
      : element("button", { type: "button", class: "button primary", click: () => this.#turn(true) }, "Allow sending again");
    this.#switch.replaceChildren(
      element("p", {}, is_sending ? "Journeys send. In an emergency every message of this workspace can be stopped at once." : "Nobody enters a journey and nothing is sent."),
      may ? button : element("p", { class: "footnote" }, is_sending ? "Your key may not do it." : "An admin can allow it again."),
    );
  }

  async #turn(isOn) {
    const told = await switchSending(this.#client, isOn, this.#hasSecond);
    if (told === null) return;
    this.#said.className = told.isDone ? "effect" : "effect failed";
    this.#said.textContent = told.text;
    this.#changed();
  }
}
