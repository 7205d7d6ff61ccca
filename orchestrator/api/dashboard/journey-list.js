// All journeys of the workspace with their figures over some days, and what each comes to.

import { hrefTo } from "/dashboard/address.js";
import { Downloads } from "/dashboard/downloads.js";
import { element } from "/dashboard/element.js";
import { count, counted, money, percent, share } from "/dashboard/format.js";
import { Kept } from "/dashboard/kept.js";
import { daysUpTo, isDefault, PeriodChoice, periodNamed } from "/dashboard/period.js";
import { STATUSES, statusChip } from "/dashboard/status.js";
import { figure, Table } from "/dashboard/table.js";
import { tile } from "/dashboard/tiles.js";
import { findingTitle } from "/dashboard/verdict.js";

const PAGE = 100;
const MOST_PAGES = 20; // looked through for a name
const TYPING_MS = 300; // of quiet before a filter is applied
const NEWEST_MS = 30_000;
const FORMATS = [
  { label: "CSV", query: { format: "csv" } },
  { label: "Excel", query: { format: "xlsx" } },
];

export class JourneyList {
  #client;
  #shell;
  #address;
  #period;
  #pages = 1; // shown; "Load more" adds one
  #shown = "";
  #days = {};
  #typing = null;
  #newest; // tells the last day that has figures
  #choice;
  #status = element("select", { id: "list-status" }, element("option", { value: "" }, "All but archived"), STATUSES.map(({ status, word }) => element("option", { value: status }, word)));
  #name = element("input", { id: "list-name", type: "search", maxlength: 200, autocomplete: "off" });
  #campaign = element("input", { id: "list-campaign", type: "search", maxlength: 255, autocomplete: "off" });
  #create = element("a", { class: "button primary", href: "#new", hidden: true }, "New journey");
  #totals = element("dl", { class: "tiles", "data-count": "6" });
  #more = element("button", { type: "button", class: "button", hidden: true, click: () => this.#loadMore() }, "Load more");
  #table = new Table({
    caption: "Journeys, newest first. The verdict is of a journey's whole life.",
    columns: [
      { label: "Journey" },
      { label: "Status" },
      { label: "Entered", numeric: true },
      { label: "Sends", numeric: true },
      { label: "Converted", note: "rate of customers", numeric: true },
      { label: "Revenue", numeric: true },
      { label: "Cost", numeric: true },
      { label: "Verdict" },
    ],
    empty: "No journeys yet.",
  });

  /** `shell` offers show(address, options) and refresh(). */
  constructor(client, address, shell) {
    this.#client = client;
    this.#shell = shell;
    document.title = "Journeys";
    this.#newest = new Kept(() => client.overview({ limit: 1 }), NEWEST_MS);
    const filter = () => this.#typed();
    for (const input of [this.#name, this.#campaign]) input.addEventListener("input", filter);
    this.#status.addEventListener("change", () => this.#apply());
    const form = element(
      "form",
      { class: "filters", role: "search", "aria-label": "Filter journeys", submit: (event) => (event.preventDefault(), this.#apply()) },
      element("label", { for: "list-status" }, "Status"),
      this.#status,
      element("label", { for: "list-name" }, "Name"),
      this.#name,
      element("label", { for: "list-campaign" }, "Campaign"),
      this.#campaign,
    );
    this.#choice = new PeriodChoice(periodNamed(address.period), ({ name }) => this.#shell.show({ ...this.#address, period: name }, { replace: true }));
    const downloads = new Downloads(client, { label: "Export these days", formats: FORMATS, source: () => ({ path: client.overviewExport, query: { ...this.#days, status: this.#address.status } }) });
    this.node = element(
      "section",
      { class: "journey list", "aria-labelledby": "list-title", "aria-busy": "true" },
      element("div", { class: "title-row" }, element("h1", { id: "list-title" }, "Journeys"), this.#create),
      this.#choice.node,
      element("section", { "aria-label": "All journeys together" }, this.#totals),
      element("section", { class: "panel", "aria-label": "List of journeys" }, form, this.#table.node, this.#more, downloads.node),
    );
    this.#take(address);
  }

  follow(address) {
    if (address.page !== "journeys" || address.zone !== this.#address.zone) return false;
    this.#take(address);
    return true;
  }

  /** Reads the list; returns the time the figures are of. */
  async refresh({ role }) {
    const address = this.#address;
    const period = this.#period;
    const overview = await this.#read(address, await this.#daysOf(period));
    if (address !== this.#address || period !== this.#period) return overview.generated_at;
    this.#days = { from: overview.from, to: overview.to };
    this.#choice.update(overview);
    this.#create.hidden = role === "viewer";
    this.#create.href = hrefTo({ page: "new" });
    this.#draw(overview, role);
    this.node.setAttribute("aria-busy", "false");
    return overview.generated_at;
  }

  destroy() {
    clearTimeout(this.#typing);
  }

  #take(address) {
    this.#address = address;
    this.#period = periodNamed(address.period);
    this.#choice.mark(this.#period);
    this.#status.value = address.status ?? "";
    for (const [input, value] of [[this.#name, address.name], [this.#campaign, address.campaign]]) {
      if (document.activeElement !== input) input.value = value ?? "";
    }
    this.node.setAttribute("aria-busy", "true");
  }

  /** The days to ask for: unless the period names them, they end where the server's usual ones do. */
  async #daysOf(period) {
    if (period.from) return { from: period.from, to: period.to };
    if (isDefault(period)) return {};
    return daysUpTo((await this.#newest.value()).to, period.days);
  }

  /** As many pages as are shown; all of them where names are looked for, since the server does not look for names. */
  async #read({ status, name, campaign }, days) {
    const isSought = Boolean(name || campaign);
    const items = [];
    let page = null;
    for (let read = 0; read < (isSought ? MOST_PAGES : this.#pages); read += 1) {
      page = await this.#client.overview({ ...days, status, limit: PAGE, cursor: page?.next_cursor });
      items.push(...page.items);
      if (page.next_cursor === null) break;
    }
    return { ...page, items: items.filter(({ journey }) => has(journey.name, name) && has(journey.campaign_id, campaign)) };
  }

  #draw({ items, totals, next_cursor }, role) {
    const shown = JSON.stringify([items, totals, next_cursor, role, location.hash]);
    if (shown === this.#shown) return;
    this.#shown = shown;
    this.#totals.replaceChildren(...totalTiles(totals).map(tile));
    const focused = document.activeElement?.closest?.("[data-journey]")?.dataset.journey;
    this.#table.setEmpty(this.#nothing(role));
    this.#table.setRows(items.map(rowOf));
    if (focused) this.node.querySelector(`[data-journey="${CSS.escape(focused)}"]`)?.focus();
    this.#more.hidden = next_cursor === null;
  }

  #nothing(role) {
    const { status, name, campaign } = this.#address;
    if (status || name || campaign) return "No journey matches: choose another status, name or campaign.";
    return role === "viewer" ? "No journeys yet. Somebody whose key has the role editor can create one." : "No journeys yet. Create the first with “New journey”.";
  }

  #typed() {
    clearTimeout(this.#typing);
    this.#typing = setTimeout(() => this.#apply(), TYPING_MS);
  }

  #apply() {
    clearTimeout(this.#typing);
    const filter = { status: this.#status.value || null, name: this.#name.value.trim() || null, campaign: this.#campaign.value.trim() || null };
    this.#shell.show({ ...this.#address, ...filter }, { replace: true });
  }

  #loadMore() {
    this.#pages += 1;
    this.#shell.refresh();
  }
}

const has = (text, sought) => !sought || (text ?? "").toLowerCase().includes(sought.toLowerCase());

function totalTiles(totals) {
  return [
    { name: "Entered", value: count(totals.entered), note: `by ${counted(totals.customers, "new customer")}` },
    { name: "Sends", value: count(totals.sends), note: `${count(totals.suppressed)} suppressed` },
    { name: "Conversions", value: count(totals.conversions), note: `by ${counted(totals.customers_converted, "customer")}` },
    { name: "Conversion rate", value: percent(share(totals.customers_converted, totals.customers)), note: "of new customers" },
    { name: "Revenue", value: money(totals.revenue), note: "of all conversions" },
    { name: "Cost", value: money(totals.cost), note: "of all sends" },
  ];
}

function rowOf({ journey, figures, under_way, finding, verdict }) {
  const name = element("a", { href: hrefTo({ journey: journey.id, period: null }), "data-journey": journey.id }, journey.name);
  const campaign = journey.campaign_id ? `campaign ${journey.campaign_id}` : "no campaign";
  return [
    element("span", { class: "figure" }, name, element("small", { class: "wrapping" }, campaign)),
    statusChip(journey),
    figure(count(figures.entered), `${count(under_way)} under way`),
    count(figures.sends),
    figure(count(figures.customers_converted), percent(share(figures.customers_converted, figures.customers))),
    money(figures.revenue),
    money(figures.cost),
    element("span", { class: "figure verdict-cell" }, findingTitle(finding), verdict ? element("small", { class: "wrapping" }, verdict) : null),
  ];
}
