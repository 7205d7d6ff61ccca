// What became of a journey's definition: its versions with what differs, who changed what, and what was proposed.

import { auditItem } from "/dashboard/audit.js";
import { differenceView } from "/dashboard/difference.js";
import { element } from "/dashboard/element.js";
import { Feed } from "/dashboard/feed.js";
import { count, moment } from "/dashboard/format.js";
import { Kept } from "/dashboard/kept.js";
import { explain } from "/dashboard/problem.js";
import { proposalItem } from "/dashboard/proposal.js";

const SLOW_MS = 10_000;

export class JourneyHistory {
  #client;
  #id;
  #shown = "";
  #role = "viewer";
  #list = element("ol", { class: "versions", "aria-label": "Versions" });
  #versions;
  #audit;
  #proposals;

  constructor(client, id, shell) {
    this.#client = client;
    this.#id = id;
    this.#versions = new Kept(() => client.versions(id), SLOW_MS);
    const decided = () => {
      shell.recount();
      this.#versions.forget();
      this.#proposals.restart();
      shell.refresh();
    };
    this.#audit = new Feed({
      name: "audit",
      label: "Changes of this journey",
      read: (cursor) => client.audit({ subject_id: id, cursor: cursor ?? undefined }),
      draw: (entry) => auditItem(entry, { isAlone: true }),
      empty: () => "Nothing has been changed yet.",
    });
    this.#proposals = new Feed({
      name: "proposals",
      label: "Proposals about this journey",
      read: (cursor) => client.proposals({ journey_id: id, cursor: cursor ?? undefined }),
      draw: (proposal) => proposalItem(proposal, { client, role: this.#role, decided }),
      empty: () => "Nothing has been proposed.",
    });
    const panel = (name, title, ...nodes) => element("section", { class: "panel", "aria-labelledby": `${name}-title` }, element("h2", { id: `${name}-title` }, title), nodes);
    this.node = element(
      "div",
      { class: "journey" },
      panel("versions", "Versions", this.#list),
      panel("proposals-of", "Proposals", this.#proposals.node),
      panel("audit-of", "Who changed what", this.#audit.node),
    );
  }

  async refresh({ workspace }) {
    this.#role = workspace.role;
    const [{ items }] = await Promise.all([this.#versions.value(), this.#audit.refresh(), this.#proposals.refresh()]);
    const shown = JSON.stringify(items);
    if (shown === this.#shown || this.#list.querySelector("details[open]")) return;
    this.#shown = shown;
    this.#list.replaceChildren(...items.map((version) => this.#item(version)));
  }

  destroy() {}

  #item({ version, created_at, policy, steps, until }) {
    const moved = version === 1 ? "the first" : inFlight(policy, steps, until);
    return element(
      "li",
      {},
      element("span", { class: "what" }, `Version ${count(version)}`),
      element("time", { datetime: created_at }, moment(created_at)),
      element("span", { class: "soft" }, moved),
      version === 1 ? null : this.#difference(version),
    );
  }

  /** Against the version before, read when somebody opens it. */
  #difference(version) {
    const details = element("details", { toggle: () => details.open && details.childElementCount === 1 && show() }, element("summary", {}, `What differs from version ${count(version - 1)}`));
    const show = async () => {
      const place = element("div", {}, "…");
      details.append(place);
      try {
        const [before, after] = await Promise.all([this.#client.version(this.#id, version - 1), this.#client.version(this.#id, version)]);
        place.replaceChildren(differenceView(before.config, after.config));
      } catch (error) {
        place.replaceChildren(element("p", { class: "failed" }, explain(error)));
      }
    };
    return details;
  }
}

/** What became of customers under way when a version was published. */
function inFlight(policy, steps, until) {
  const moves = Object.entries(steps).map(([from, to]) => `${from} → ${to}`).join(", ");
  switch (policy) {
    case "pin":
      return "Customers under way stayed on their version.";
    case "follow":
      return "Customers under way went on at the step of the same name.";
    case "map":
      return `Customers under way went on at the steps named for theirs: ${moves}.`;
    case "drain":
      return `Customers under way stayed on their version, at the latest until ${moment(until)}.`;
    default:
      return policy;
  }
}
