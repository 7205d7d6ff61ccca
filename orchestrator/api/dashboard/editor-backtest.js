// The editor with a backtest of what is written in it.

import { Backtests } from "/dashboard/backtest.js";
import { Editor } from "/dashboard/editor.js";
import { element } from "/dashboard/element.js";

export class EditorWithBacktest {
  #editor;
  #backtests;
  #workspace = null;
  #place = element("div", { hidden: true });

  /** As the editor's own. */
  constructor(client, options) {
    this.#editor = new Editor(client, { ...options, backtest: () => this.#open() });
    this.#backtests = new Backtests(client, async () => this.#editor.written(), { name: "editor-backtest", showsNewest: false });
    this.#place.append(this.#backtests.node);
    this.node = element("div", { class: "journey" }, this.#editor.node, this.#place);
  }

  async refresh(context) {
    this.#workspace = context.workspace;
    const at = await this.#editor.refresh(context);
    if (!this.#place.hidden) await this.#backtests.refresh(context);
    return at;
  }

  destroy() {
    this.#editor.destroy();
    this.#backtests.destroy();
  }

  async #open() {
    this.#place.hidden = false;
    this.#place.scrollIntoView({ block: "start" });
    this.#backtests.focus();
    await this.#backtests.refresh({ workspace: this.#workspace });
  }
}
