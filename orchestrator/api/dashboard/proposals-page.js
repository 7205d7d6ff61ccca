// The page of proposals: what waits for a second person, and what became of the rest.

import { element } from "/dashboard/element.js";
import { Feed } from "/dashboard/feed.js";
import { proposalItem } from "/dashboard/proposal.js";

const CHOICES = [
  ["open", "Waiting"],
  ["approved", "Approved"],
  ["rejected", "Rejected"],
  ["", "All"],
];

export class ProposalsPage {
  #status = "open";
  #role = "viewer";
  #buttons;
  #feed;

  constructor(client, _, shell) {
    document.title = "Proposals · Journeys";
    const decided = () => {
      shell.recount();
      this.#feed.restart();
      shell.refresh();
    };
    this.#feed = new Feed({
      name: "proposals",
      label: "Proposals",
      read: (cursor) => client.proposals({ status: this.#status, cursor: cursor ?? undefined }),
      draw: (proposal) => proposalItem(proposal, { client, role: this.#role, decided }),
      empty: () => (this.#status === "open" ? "Nothing waits for a second person." : "There is none."),
    });
    this.#buttons = CHOICES.map(([status, label]) => element("button", { type: "button", class: "segment", "aria-pressed": String(status === this.#status), click: () => this.#choose(status) }, label));
    this.node = element(
      "section",
      { class: "journey", "aria-labelledby": "proposals-title", "aria-busy": "true" },
      element("h1", { id: "proposals-title" }, "Proposals"),
      element("div", { class: "segments", role: "group", "aria-label": "Proposals shown" }, this.#buttons),
      element("section", { class: "panel", "aria-label": "Proposals" }, this.#feed.node),
    );
  }

  async refresh({ role }) {
    this.#role = role;
    await this.#feed.refresh();
    this.node.setAttribute("aria-busy", "false");
  }

  destroy() {}

  #choose(status) {
    this.#status = status;
    CHOICES.forEach(([each], at) => this.#buttons[at].setAttribute("aria-pressed", String(each === status)));
    this.#feed.restart();
  }
}
