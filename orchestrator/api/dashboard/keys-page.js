// The page of API keys, for admins: who has one, a new one, and an end to one.

import { confirmed } from "/dashboard/confirmation.js";
import { element } from "/dashboard/element.js";
import { allCheck, Field, tellProblems } from "/dashboard/field.js";
import { moment, words, zoneInUse } from "/dashboard/format.js";
import { explain } from "/dashboard/problem.js";
import { SecretOnce } from "/dashboard/secret.js";
import { Table } from "/dashboard/table.js";
import { dayAfter, FIRST_DAY, LAST_DAY, startOfDay } from "/dashboard/zone.js";

const ROLES = {
  viewer: "reads everything",
  editor: "changes journeys, may stop all sending",
  approver: "besides, decides about proposals",
  admin: "besides, looks after keys and settings",
  publisher: "only publishes events and reads nothing: for the server of a shop",
};

export class KeysPage {
  #client;
  #shell;
  #shown = "";
  #said = element("p", { class: "effect", role: "status" });
  #failure = element("p", { class: "failed", role: "alert" });
  #secret = element("div", { class: "once" });
  #name = new Field({ id: "key-name", label: "Name", note: "Whose it is, or what for: the audit names it so.", input: element("input", { maxlength: 200, required: true, autocomplete: "off" }) });
  #role = new Field({ id: "key-role", label: "Role", input: element("select", {}, Object.entries(ROLES).map(([role, about]) => element("option", { value: role }, `${words(role)}: ${about}`))) });
  #expires = new Field({ id: "key-expires", label: "Last day", note: "Left empty, it holds until it is revoked.", input: element("input", { type: "date", min: FIRST_DAY, max: LAST_DAY }) });
  #button = element("button", { type: "submit", class: "button primary" }, "Create key");
  #forAdmins = element("div", { class: "journey", hidden: true }); // until the keys have been read, which only admins may
  #table = new Table({
    caption: "API keys of this workspace, newest first",
    columns: [{ label: "Name" }, { label: "Role" }, { label: "State" }, { label: "Created" }, { label: "Last used" }, { label: "End it" }],
    empty: "There are no keys.",
  });

  constructor(client, _, shell) {
    this.#client = client;
    this.#shell = shell;
    document.title = "Keys · Journeys";
    const form = element(
      "form",
      { class: "settings", novalidate: true, "aria-labelledby": "new-key-title", submit: (event) => this.#create(event) },
      this.#name.node,
      this.#role.node,
      this.#expires.node,
      element("div", { class: "actions" }, this.#button),
      this.#failure,
    );
    this.#forAdmins.append(
      element("section", { class: "panel", "aria-label": "Keys of this workspace" }, this.#said, this.#table.node),
      element("section", { class: "panel", "aria-labelledby": "new-key-title" }, element("h2", { id: "new-key-title" }, "New key"), form),
    );
    this.node = element(
      "section",
      { class: "journey", "aria-labelledby": "keys-title", "aria-busy": "true" },
      element("h1", { id: "keys-title" }, "Keys"),
      this.#secret,
      this.#forAdmins,
    );
  }

  async refresh() {
    const { items } = await this.#client.keys();
    this.#forAdmins.hidden = false;
    const shown = JSON.stringify(items);
    if (shown !== this.#shown) {
      this.#shown = shown;
      this.#table.setRows(items.map((key) => this.#row(key)));
    }
    this.node.setAttribute("aria-busy", "false");
  }

  destroy() {}

  #row(key) {
    const { name, role, is_in_force, created_at, last_used_at } = key;
    const revoke = element("button", { type: "button", class: "button", "aria-label": `Revoke ${name}`, click: () => this.#revoke(key) }, "Revoke");
    return [name, words(role), stateOf(key), moment(created_at), last_used_at ? moment(last_used_at) : "never", is_in_force ? revoke : ""];
  }

  async #create(event) {
    event.preventDefault();
    this.#failure.textContent = "";
    if (!allCheck([this.#name, this.#role, this.#expires])) return;
    this.#button.disabled = true;
    const last = this.#expires.value;
    const expires_at = last ? startOfDay(dayAfter(last), zoneInUse()).toISOString() : null;
    try {
      const made = await this.#client.createKey({ name: this.#name.value, role: this.#role.value, expires_at });
      const secret = new SecretOnce(made, () => this.#secret.replaceChildren());
      this.#secret.replaceChildren(secret.node);
      secret.focus();
      this.#name.input.value = "";
      this.#expires.input.value = "";
    } catch (error) {
      if (/expires_at/.test(error.message)) this.#expires.say("That day is over: choose a later one.");
      else tellProblems(error, { name: this.#name, role: this.#role, expires_at: this.#expires }, this.#failure);
    } finally {
      this.#button.disabled = false;
    }
    this.#shell.refresh();
  }

  async #revoke({ id, name }) {
    const text = "Whoever uses it is refused within seconds. It cannot be undone; a new key can be made at any time.";
    if ((await confirmed({ title: `Revoke the key “${name}”?`, text, verb: "Revoke", isGrave: true })) === null) return;
    try {
      await this.#client.revokeKey(id);
      this.#said.className = "effect";
      this.#said.textContent = `The key “${name}” is revoked.`;
    } catch (error) {
      this.#said.className = "effect failed";
      this.#said.textContent = explain(error);
    }
    this.#shell.refresh();
  }
}

function stateOf({ is_in_force, expires_at, revoked_at }) {
  if (revoked_at) return `Revoked ${moment(revoked_at)}`;
  if (!is_in_force) return `Expired ${moment(expires_at)}`;
  return expires_at ? `In force until ${moment(expires_at)}` : "In force";
}
