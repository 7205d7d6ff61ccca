// What became of the messages, channel by channel.

import { element } from "/dashboard/element.js";
import { count, percent, share, words } from "/dashboard/format.js";
import { figure, Table } from "/dashboard/table.js";

const NAMES = { __proto__: null, email: "E-mail", sms: "SMS", push: "Push", whatsapp: "WhatsApp", in_app: "In-app", "in-app": "In-app", webhook: "Webhook" };
export const channelName = (channel) => NAMES[channel] ?? words(channel);

export class Channels {
  #table = new Table({
    caption: "Messages by channel",
    columns: [
      { label: "Channel" },
      { label: "Requested", numeric: true },
      { label: "Delivered", note: "of requested", numeric: true },
      { label: "Opened", note: "of delivered", numeric: true },
      { label: "Clicked", note: "of delivered", numeric: true },
      { label: "Bounced, failed", note: "of requested", numeric: true },
      { label: "Unsubscribed", note: "of delivered", numeric: true },
      { label: "Complained", note: "of delivered", numeric: true },
    ],
    empty: "No message has been requested in these days.",
    isCaptionHidden: true,
  });
  node = element(
    "section",
    { class: "panel", "aria-labelledby": "channels-title" },
    element("h2", { id: "channels-title" }, "Channels"),
    this.#table.node,
    element("p", { class: "footnote" }, "Opens are reported by mail programs, some of which open every message for privacy."),
  );

  update({ totals }) {
    const channels = Object.entries(totals.channels).sort(([, a], [, b]) => b.sends - a.sends);
    this.#table.setRows(channels.map(([channel, figures]) => channelRow(channel, figures)));
  }
}

function channelRow(channel, { sends, delivered, opened, clicked, bounced, failed, unsubscribed, complained }) {
  const rated = (part, whole) => figure(count(part), percent(share(part, whole)));
  return [
    channelName(channel),
    count(sends),
    rated(delivered, sends),
    rated(opened, delivered),
    rated(clicked, delivered),
    rated(bounced + failed, sends),
    rated(unsubscribed, delivered),
    rated(complained, delivered),
  ];
}
