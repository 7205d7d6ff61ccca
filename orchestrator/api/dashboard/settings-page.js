// The page of the workspace's settings: the kill switch, and what holds for every journey.

import { element } from "/dashboard/element.js";
import { KillSwitch } from "/dashboard/kill-switch.js";
import { SettingsEditor } from "/dashboard/settings-editor.js";
import { SettingsWords } from "/dashboard/settings-words.js";
import { loadStyle } from "/dashboard/style.js";

export class SettingsPage {
  #client;
  #shell;
  #switch;
  #editor = null; // of an admin
  #words = null; // of everybody else
  #place = element("div", {});

  constructor(client, _, shell) {
    this.#client = client;
    this.#shell = shell;
    this.#switch = new KillSwitch(client, () => this.#changed());
    document.title = "Settings · Journeys";
    this.node = element(
      "section",
      { class: "journey", "aria-labelledby": "settings-title", "aria-busy": "true" },
      element("h1", { id: "settings-title" }, "Settings"),
      this.#switch.node,
      this.#place,
    );
  }

  /** The settings come with every refresh of the page; what somebody has typed is left alone. */
  async refresh(workspace) {
    await loadStyle("/dashboard/editor.css");
    this.#switch.show(workspace);
    if (workspace.role === "admin") this.#edit(workspace);
    else this.#read(workspace);
    this.node.setAttribute("aria-busy", "false");
  }

  destroy() {
    this.#editor?.destroy();
  }

  /** Something has been changed, or proposed. */
  #changed() {
    this.#shell.recount();
    this.#shell.refresh();
  }

  #edit(workspace) {
    if (this.#editor === null) {
      this.#editor = new SettingsEditor(this.#client, workspace, () => this.#changed());
      this.#place.replaceChildren(this.#editor.node);
    } else this.#editor.meet(workspace);
  }

  #read({ in_words: words }) {
    if (this.#words === null) {
      this.#words = new SettingsWords("h2");
      this.#place.replaceChildren(this.#words.node);
    }
    this.#words.show(words, { title: "What holds for every journey", note: "Only an admin can change it." });
  }
}
