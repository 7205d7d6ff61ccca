// What must not get worse while a journey earns: people who unsubscribe or complain, messages that do not arrive.

import { channelName } from "/dashboard/channels.js";
import { element } from "/dashboard/element.js";
import { count, percent, share } from "/dashboard/format.js";
import { figure, Table } from "/dashboard/table.js";

const SUMMED = ["sends", "delivered", "bounced", "failed", "unsubscribed", "complained"];

/** The figures of all channels together. */
function allChannels(channels) {
  const sum = Object.fromEntries(SUMMED.map((name) => [name, 0]));
  for (const figures of Object.values(channels)) for (const name of SUMMED) sum[name] += figures[name];
  return sum;
}

export class Safety {
  #table = new Table({
    caption: "Safety, over the journey's whole life; the holdout gets no messages",
    columns: [
      { label: "Channel" },
      { label: "Delivered", numeric: true },
      { label: "Unsubscribed", note: "of delivered", numeric: true },
      { label: "Complained", note: "of delivered", numeric: true },
      { label: "Bounced, failed", note: "of requested", numeric: true },
    ],
    empty: "No message has been requested yet.",
  });
  node = element("section", { class: "panel", "aria-labelledby": "safety-title" }, element("h2", { id: "safety-title" }, "Safety"), this.#table.node);

  update({ totals }) {
    const channels = Object.entries(totals.channels).sort(([, a], [, b]) => b.sends - a.sends);
    const rows = channels.map(([channel, figures]) => row(channelName(channel), figures));
    if (rows.length > 1) rows.push(row("All channels", allChannels(totals.channels)));
    this.#table.setRows(rows);
  }
}

function row(name, { sends, delivered, bounced, failed, unsubscribed, complained }) {
  const rated = (part, whole) => figure(count(part), percent(share(part, whole)));
  return [name, count(delivered), rated(unsubscribed, delivered), rated(complained, delivered), rated(bounced + failed, sends)];
}
