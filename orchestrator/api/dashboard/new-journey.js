// The place where a journey is made: the editor, empty.

import { element } from "/dashboard/element.js";
import { loadStyle } from "/dashboard/style.js";

export class NewJourney {
  #client;
  #shell;
  #zone;
  #editor = null;
  node = element("div", { class: "new-journey", "aria-busy": "true" });

  constructor(client, { zone }, shell) {
    this.#client = client;
    this.#zone = zone;
    this.#shell = shell;
    document.title = "New journey · Journeys";
  }

  async refresh(workspace) {
    if (this.#editor === null) {
      const { EditorWithBacktest } = await import("/dashboard/editor-backtest.js");
      await Promise.all(["canvas", "editor", "backtest"].map((name) => loadStyle(`/dashboard/${name}.css`)));
      this.#editor ??= new EditorWithBacktest(this.#client, {
        journeyId: null,
        leave: () => this.#shell.show({ zone: this.#zone }),
        opened: (id) => this.#shell.show({ journey: id, zone: this.#zone }),
      });
      this.node.replaceChildren(this.#editor.node);
    }
    await this.#editor.refresh({ workspace });
    this.node.setAttribute("aria-busy", "false");
  }

  destroy() {
    this.#editor?.destroy();
  }
}
