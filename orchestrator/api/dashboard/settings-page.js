// The page of the workspace's settings: the kill switch, and what holds for every journey.

import { channelName } from "/dashboard/channels.js";
import { confirmed } from "/dashboard/confirmation.js";
import { element } from "/dashboard/element.js";
import { allCheck, Field, tellProblems } from "/dashboard/field.js";
import { count } from "/dashboard/format.js";
import { explain, Problem } from "/dashboard/problem.js";

const CHANNELS = ["email", "sms", "push", "whatsapp", "in-app", "webhook"];

export class SettingsPage {
  #client;
  #shell;
  #workspace = null;
  #mark = null; // of the settings that the form was filled from
  #filled = "";
  #before; // what stood in the form when it was filled; undefined: it may be filled anew
  #switch = element("div", { class: "kill-switch" });
  #switched = element("p", { class: "effect", role: "status" });
  #said = element("p", { class: "effect", role: "status" });
  #failure = element("p", { class: "failed", role: "alert" });
  #holdout = new Field({
    id: "holdout",
    label: "Holdout over all journeys",
    note: "So many of all customers get nothing from any journey, so that all of them together can be measured. 0 to 95.",
    input: element("input", { type: "number", min: 0, max: 95, step: "any", required: true, inputmode: "decimal" }),
    suffix: "%",
  });
  #costs = Object.fromEntries(CHANNELS.map((channel) => [channel, costField(channel)]));
  #approval = element("input", { type: "checkbox", id: "needs-approval" });
  #fieldset;
  #button = element("button", { type: "submit", class: "button primary" }, "Save");

  constructor(client, _, shell) {
    this.#client = client;
    this.#shell = shell;
    document.title = "Settings · Journeys";
    this.#fieldset = element(
      "fieldset",
      { disabled: true },
      element("legend", { class: "unseen" }, "Settings"),
      this.#holdout.node,
      element("div", { class: "field" }, element("span", { class: "field-group" }, "Cost of one send, where a step names none"), element("div", { class: "cost-fields" }, Object.values(this.#costs).map(({ node }) => node))),
      element("label", { class: "choice" }, this.#approval, element("span", {}, "A second person approves what reaches customers anew", element("small", {}, "Starting a draft and publishing another definition wait for an approver. Pausing and stopping never wait."))),
      element("div", { class: "actions" }, this.#button),
    );
    const form = element("form", { class: "settings", novalidate: true, "aria-labelledby": "whole-title", submit: (event) => this.#save(event) }, this.#fieldset, this.#failure, this.#said);
    this.node = element(
      "section",
      { class: "journey", "aria-labelledby": "settings-title", "aria-busy": "true" },
      element("h1", { id: "settings-title" }, "Settings"),
      element("section", { class: "panel", "aria-labelledby": "switch-title" }, element("h2", { id: "switch-title" }, "Kill switch"), this.#switch, this.#switched),
      element("section", { class: "panel", "aria-labelledby": "whole-title" }, element("h2", { id: "whole-title" }, "For every journey"), form),
    );
  }

  /** The settings come with every refresh of the page; what somebody has typed is left alone. */
  async refresh(workspace) {
    this.#workspace = workspace;
    this.#showSwitch();
    this.#fieldset.disabled = workspace.role !== "admin";
    const shown = JSON.stringify(workspace);
    if (shown !== this.#filled && !this.#isTouched()) this.#fill(workspace, shown);
    this.node.setAttribute("aria-busy", "false");
  }

  destroy() {}

  #fill(workspace, shown) {
    this.#filled = shown;
    this.#mark = this.#client.workspaceMark;
    this.#holdout.input.value = String(workspace.holdout_percent);
    for (const channel of CHANNELS) this.#costs[channel].input.value = String(workspace.costs[channel] ?? 0);
    this.#approval.checked = workspace.needs_approval;
    this.#before = this.#values();
  }

  #isTouched() {
    return this.#before !== undefined && JSON.stringify(this.#values()) !== JSON.stringify(this.#before);
  }

  /** What stands in the form. A cost of 0 is none. */
  #values() {
    const costs = CHANNELS.map((channel) => [channel, Number(this.#costs[channel].value)]).filter(([, cost]) => cost !== 0);
    return { holdout_percent: Number(this.#holdout.value), costs: Object.fromEntries(costs), needs_approval: this.#approval.checked };
  }

  async #save(event) {
    event.preventDefault();
    this.#failure.textContent = "";
    this.#said.textContent = "";
    if (!allCheck([this.#holdout, ...Object.values(this.#costs)])) return;
    const values = this.#values();
    const change = Object.fromEntries(Object.entries(values).filter(([name, value]) => JSON.stringify(value) !== JSON.stringify(this.#before[name])));
    if (Object.keys(change).length === 0) {
      this.#said.textContent = "Nothing has changed.";
      return;
    }
    this.#button.disabled = true;
    try {
      await this.#client.changeWorkspace(change, this.#mark);
      this.#before = undefined; // what stands here is what holds: it may be filled anew
      this.#said.textContent = "Saved.";
    } catch (error) {
      if (error instanceof Problem && error.status === 412) this.#before = undefined; // what somebody else saved is shown
      const costs = Object.fromEntries(CHANNELS.map((channel) => [`costs.${channel}`, this.#costs[channel]]));
      tellProblems(error, { holdout_percent: this.#holdout, ...costs }, this.#failure);
    } finally {
      this.#button.disabled = false;
    }
    this.#shell.refresh();
  }

  #showSwitch() {
    const { is_sending, role } = this.#workspace;
    const shown = `${is_sending} ${role}`;
    if (this.#switch.dataset.shown === shown) return;
    this.#switch.dataset.shown = shown;
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
      this.#switched.className = "effect";
      this.#switched.textContent = published ? `${isOn ? "Sending" : "Stopped"}; handed to the workers in ${took} ms.` : "Saved, but Kafka does not answer: the workers hear of it as soon as it does.";
    } catch (error) {
      this.#switched.className = "effect failed";
      this.#switched.textContent = explain(error);
    }
    this.#shell.refresh();
  }
}

function costField(channel) {
  return new Field({ id: `cost-${channel}`, label: channelName(channel), input: element("input", { type: "number", min: 0, max: 1000, step: "any", inputmode: "decimal", required: true }) });
}
