// What a new journey may begin with. Each can be published as it is, once the names of events and templates are yours.

import { confirmed } from "/dashboard/confirmation.js";
import { element } from "/dashboard/element.js";

const QUIET_NIGHTS = { from: "21:00", to: "08:00" };

export const TEMPLATES = [
  {
    name: "welcome",
    label: "Welcome series",
    about: "Three messages over a week for everyone who signs up.",
    definition: {
      name: "Welcome series",
      about: "New customers learn what we are good for, in three messages.",
      entry: { kind: "event", type: "customer.signed_up" },
      start: "hello",
      steps: {
        hello: { kind: "send", channel: "email", template: "welcome-hello", category: "transactional", next: "first-days" },
        "first-days": { kind: "wait_for", event: "order.placed", timeout: "P2D", next: "done", on_timeout: "how-it-works" },
        "how-it-works": { kind: "send", channel: "email", template: "welcome-how-it-works", expires_after: "P2D", next: "breather" },
        breather: { kind: "wait", duration: "P3D", next: "best-sellers" },
        "best-sellers": { kind: "send", channel: "email", template: "welcome-best-sellers", expires_after: "P2D", next: "done" },
        done: { kind: "exit" },
      },
      goal: { event: "order.placed", window: "P14D", value: "amount" },
      holdout: { percent: 10 },
      guardrails: { minimum_gap: "P1D", quiet_hours: QUIET_NIGHTS },
    },
  },
  {
    name: "win-back",
    label: "Win back",
    about: "Customers who have ordered before and not for 90 days are asked back.",
    definition: {
      name: "Win back",
      about: "Customers who have gone quiet are asked back, first kindly, then with a voucher.",
      entry: {
        kind: "segment",
        audience: { kind: "segment", name: "lapsed" },
        recheck: { kind: "cron", expression: "0 6 * * *" },
        re_entry: { kind: "after", period: "P180D" },
      },
      segments: {
        lapsed: {
          kind: "all",
          of: [
            { kind: "happened", event: "order.placed" },
            { kind: "not", of: { kind: "happened", event: "order.placed", within: "P90D" } },
          ],
        },
      },
      start: "morning",
      steps: {
        morning: { kind: "wait_until", until: { kind: "local_window", from: "09:00", to: "12:00" }, next: "we-miss-you" },
        "we-miss-you": { kind: "send", channel: "email", template: "we-miss-you", next: "let-them-think" },
        "let-them-think": { kind: "wait", duration: "P7D", next: "voucher" },
        voucher: { kind: "send", channel: "email", template: "win-back-voucher", next: "done" },
        done: { kind: "exit" },
      },
      goal: { event: "order.placed", window: "P30D", value: "amount" },
      holdout: { percent: 20 },
      guardrails: { caps: [{ limit: 2, per: "P30D", category: "marketing" }], quiet_hours: QUIET_NIGHTS },
    },
  },
  {
    name: "abandoned-cart",
    label: "Abandoned cart",
    about: "One run for each cart: a reminder after an hour, another after a day.",
    definition: {
      name: "Abandoned cart",
      about: "A cart that was left is remembered twice, each cart for itself.",
      entry: { kind: "event", type: "cart.updated", key: "cart_id", re_entry: { kind: "once_per_key" } },
      start: "give-time",
      steps: {
        "give-time": { kind: "wait", duration: "PT1H", next: "remind" },
        remind: { kind: "send", channel: "email", template: "cart-reminder", variables: { cart: { kind: "entry", name: "cart_id" } }, expires_after: "P1D", next: "give-more-time" },
        "give-more-time": { kind: "wait", duration: "P1D", next: "worth-an-offer" },
        "worth-an-offer": { kind: "branch", paths: [{ when: { kind: "field", name: "total", op: "ge", value: 80 }, next: "offer" }], otherwise: "done" },
        offer: { kind: "send", channel: "email", template: "cart-offer", expires_after: "P1D", next: "done" },
        done: { kind: "exit" },
      },
      goal: { event: "order.placed", window: "P7D", value: "amount" },
      holdout: { percent: 10 },
      expires_after: "P7D",
      guardrails: { caps: [{ limit: 3, per: "P7D", category: "marketing" }], quiet_hours: QUIET_NIGHTS },
    },
  },
  {
    name: "blank",
    label: "Blank",
    about: "One message, and the end. Build the rest yourself.",
    definition: {
      name: "",
      entry: { kind: "event", type: "" },
      start: "message",
      steps: {
        message: { kind: "send", channel: "email", template: "", next: "done" },
        done: { kind: "exit" },
      },
    },
  },
];

/** The choice of what a new journey begins with. */
export class TemplateChoice {
  /** `choose(definition)` is called with the one chosen; `isDirty()` tells whether something written would be lost. */
  constructor(choose, isDirty) {
    this.buttons = TEMPLATES.map((template) =>
      element("button", { type: "button", class: "template", "data-template": template.name, "aria-pressed": "false", click: () => this.#use(template) }, element("strong", {}, template.label), element("small", {}, template.about)),
    );
    this.choose = choose;
    this.isDirty = isDirty;
    this.node = element("section", { class: "panel", "aria-labelledby": "template-title", hidden: true }, element("h3", { id: "template-title" }, "Begin with"), element("div", { class: "template-choices" }, this.buttons));
  }

  /** Marks the one that the document began with; null: it is not known which. */
  mark(name) {
    for (const button of this.buttons) button.setAttribute("aria-pressed", String(button.dataset.template === name));
  }

  async #use({ name, label, definition }) {
    const question = { title: `Begin anew with “${label}”?`, text: "What you have written here is lost.", verb: "Begin anew", isGrave: true };
    if (this.isDirty() && (await confirmed(question)) === null) return;
    this.mark(name);
    this.choose(definition);
  }
}
