// All journeys of the workspace with their figures over some days, and what each comes to.

import { hrefTo } from "/dashboard/address.js";
import { Downloads } from "/dashboard/downloads.js";
import { element } from "/dashboard/element.js";
import { count, counted, day, money, percent, share } from "/dashboard/format.js";
import { Kept } from "/dashboard/kept.js";
import { ListOrder, orderNamed } from "/dashboard/list-order.js";
import { daysUpTo, isDefault, PeriodChoice, periodNamed } from "/dashboard/period.js";
import { isElsewhere, QuietDays } from "/dashboard/quiet-days.js";
import { STATUSES, statusChip } from "/dashboard/status.js";
import { figure, Table } from "/dashboard/table.js";
import { newcomers, tile } from "/dashboard/tiles.js";
import { findingTitle } from "/dashboard/verdict.js";
import { knownZone, ZoneChoice } from "/dashboard/zone.js";

const PAGE = 100;
const MOST_PAGES = 20; // shown at once
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
  #typing = null;
  #zone;
  #newest; // tells the last day of the zone that has figures
  #choice;
  #zones;
  #status = element("select", { id: "list-status" }, element("option", { value: "" }, "All but archived"), STATUSES.map(({ status, word }) => element("option", { value: status }, word)));
  #name = element("input", { id: "list-name", type: "search", maxlength: 200, autocomplete: "off" });
  #campaign = element("input", { id: "list-campaign", type: "search", maxlength: 255, autocomplete: "off", placeholder: "its whole id", list: "list-campaigns" });
  #campaigns = element("datalist", { id: "list-campaigns" }); // those that were listed since the page was opened
  #create = element("a", { class: "button primary", href: "#new", hidden: true }, "New journey");
  #totals = element("dl", { class: "tiles", "data-count": "6" });
  #notes = element("p", { class: "footnote" });
  #more = element("button", { type: "button", class: "button", hidden: true, click: () => this.#loadMore() }, "Load more");
  #order = new ListOrder((sort) => this.#shell.show({ ...this.#address, sort, pages: null }, { replace: true }));
  #quiet = new QuietDays(() => this.#change({ period: "all" }));
  #table = new Table({
    caption: "Journeys. The verdict is of a journey's whole life.",
    columns: [
      { label: "Journey", heading: this.#order.heading("name", "Journey") },
      { label: "Status" },
      { label: "Entered", numeric: true, heading: this.#order.heading("entered", "Entered") },
      { label: "Sends", numeric: true, heading: this.#order.heading("sends", "Sends") },
      { label: "Converted", note: "rate of customers", numeric: true, heading: this.#order.heading("customers_converted", "Converted") },
      { label: "Revenue", numeric: true, heading: this.#order.heading("revenue", "Revenue") },
      { label: "Cost", numeric: true, heading: this.#order.heading("cost", "Cost") },
      { label: "Verdict", note: "of the whole life" },
    ],
    empty: "No journeys yet.",
  });

  /** `shell` offers show(address, options) and refresh(). */
  constructor(client, address, shell) {
    this.#client = client;
    this.#shell = shell;
    document.title = "Journeys";
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
      this.#campaigns,
      this.#order.nodes,
    );
    this.#choice = new PeriodChoice(periodNamed(address.period), ({ name }) => this.#change({ period: name }));
    this.#zones = new ZoneChoice(knownZone(address.zone), (chosen) => this.#change({ zone: chosen }));
    const downloads = new Downloads(client, { label: "Export these days", formats: FORMATS, source: async () => ({ path: client.overviewExport, query: { ...(await this.#daysOf(this.#period)), zone: this.#zone, ...listedBy(this.#address) } }) });
    this.node = element(
      "section",
      { class: "journey list", "aria-labelledby": "list-title", "aria-busy": "true" },
      element("div", { class: "title-row" }, element("h1", { id: "list-title" }, "Journeys"), this.#create),
      element("div", { class: "toolbar" }, this.#choice.node, this.#zones.node),
      this.#quiet.node,
      element("section", { "aria-label": "All journeys together" }, this.#totals, this.#notes),
      element("section", { class: "panel", "aria-label": "List of journeys" }, form, this.#table.node, this.#more, downloads.node),
    );
    this.#take(address);
  }

  follow(address) {
    if (address.page !== "journeys") return false;
    this.#take(address);
    return true;
  }

  /** Reads the list; returns the time the figures are of. */
  async refresh({ role, is_sending: isSending }) {
    const address = this.#address;
    const period = this.#period;
    const overview = await this.#read(address, await this.#daysOf(period));
    if (address !== this.#address || period !== this.#period) return overview.generated_at;
    this.#choice.update(overview);
    this.#quiet.ofList(overview);
    this.#create.hidden = role === "viewer";
    this.#create.href = hrefTo({ page: "new" });
    this.#draw(overview, role, isSending);
    this.node.setAttribute("aria-busy", "false");
    return overview.generated_at;
  }

  destroy() {
    clearTimeout(this.#typing);
  }

  #take(address) {
    this.#address = address;
    this.#pages = pagesIn(address);
    this.#useZone(knownZone(address.zone));
    this.#period = periodNamed(address.period);
    this.#choice.mark(this.#period);
    this.#order.mark(address.sort);
    this.#status.value = statusNamed(address.status) ?? "";
    for (const [input, value] of [[this.#name, address.name], [this.#campaign, address.campaign]]) {
      if (document.activeElement !== input) input.value = value ?? "";
    }
    this.node.setAttribute("aria-busy", "true");
  }

  #useZone(zone) {
    if (zone === this.#zone) return;
    this.#zone = zone;
    this.#choice.zone = zone;
    this.#zones.mark(zone);
    this.#newest = new Kept(() => this.#client.overview({ zone, limit: 1 }), NEWEST_MS);
  }

  /** The days to ask for: unless the period names them, they end where the server's usual ones do. */
  async #daysOf(period) {
    if (period.from) return { from: period.from, to: period.to };
    if (period.isWhole) return { whole_life: true };
    if (isDefault(period)) return {};
    return daysUpTo((await this.#newest.value()).to, period.days);
  }

  /** As many pages as are shown. */
  async #read(address, days) {
    const asked = { ...days, zone: knownZone(address.zone), ...listedBy(address), limit: PAGE };
    const items = [];
    let page = null;
    for (let read = 0; read < pagesIn(address); read += 1) {
      page = await this.#client.overview({ ...asked, cursor: page?.next_cursor });
      items.push(...page.items);
      if (page.next_cursor === null) break;
    }
    return { ...page, items };
  }

  #draw({ from, to, items, totals, notes, next_cursor }, role, isSending) {
    const shown = JSON.stringify([from, to, items, totals, notes, next_cursor, role, isSending, location.hash]);
    if (shown === this.#shown) return;
    this.#shown = shown;
    this.#totals.replaceChildren(...totalTiles(totals).map(tile));
    this.#notes.textContent = notes.join(" ");
    this.#suggest(items);
    const focused = document.activeElement?.closest?.("[data-journey]")?.dataset.journey;
    this.#table.setEmpty(this.#nothing(role));
    this.#table.setRows(items.map((item) => rowOf(item, { from, to }, this.#address.period, isSending)));
    if (focused) this.node.querySelector(`[data-journey="${CSS.escape(focused)}"]`)?.focus();
    this.#more.hidden = next_cursor === null || this.#pages >= MOST_PAGES;
  }

  #suggest(items) {
    const known = new Set(Array.from(this.#campaigns.options, ({ value }) => value));
    const found = new Set(items.map(({ journey }) => journey.campaign_id).filter(Boolean));
    this.#campaigns.append(...[...found].filter((campaign) => !known.has(campaign)).map((value) => element("option", { value })));
  }

  #nothing(role) {
    const { status, name, campaign } = this.#address;
    if (campaign) return "No journey matches: choose another status or name, or write the whole id of the campaign.";
    if (status || name) return "No journey matches: choose another status, name or campaign.";
    return role === "viewer" ? "No journeys yet. Somebody whose key has the role editor can create one." : "No journeys yet. Create the first with “New journey”.";
  }

  #change(part) {
    this.#shell.show({ ...this.#address, ...part }, { replace: true });
  }

  #typed() {
    clearTimeout(this.#typing);
    this.#typing = setTimeout(() => this.#apply(), TYPING_MS);
  }

  #apply() {
    clearTimeout(this.#typing);
    const filter = { status: this.#status.value || null, name: this.#name.value.trim() || null, campaign: this.#campaign.value.trim() || null };
    const isSame = Object.entries(filter).every(([part, value]) => value === this.#address[part]);
    this.#shell.show({ ...this.#address, ...filter, pages: isSame ? this.#address.pages : null }, { replace: true });
  }

  #loadMore() {
    this.#shell.show({ ...this.#address, pages: String(this.#pages + 1) }, { replace: true });
  }
}

/** How many pages an address asks for. */
const pagesIn = ({ pages }) => (/^\d{1,2}$/.test(pages ?? "") ? Math.min(Math.max(Number(pages), 1), MOST_PAGES) : 1);
/** A status that there is; a word that is none asks for nothing. */
const statusNamed = (word) => STATUSES.find(({ status }) => status === word)?.status ?? null;
/** Which journeys an address asks for and in which order, as the API takes it. */
const listedBy = ({ status, name, campaign, sort }) => ({ status: statusNamed(status), name, campaign_id: campaign, sort: sort ? orderNamed(sort).name : null });

function totalTiles(totals) {
  return [
    { name: "Entered", value: count(totals.entered), note: newcomers(totals) },
    { name: "Sends", value: count(totals.sends), note: `${count(totals.suppressed)} suppressed` },
    { name: "Conversions", value: count(totals.conversions), note: `by ${counted(totals.customers_converted, "customer")}` },
    { name: "Conversion rate", value: percent(share(totals.customers_converted, totals.customers)), note: "of new customers" },
    { name: "Revenue", value: money(totals.revenue), note: "of all conversions" },
    { name: "Cost", value: money(totals.cost), note: "of all sends" },
  ];
}

function rowOf({ journey, figures, under_way, last_day, finding, verdict }, days, period, isSending) {
  const name = element("a", { href: hrefTo({ journey: journey.id, period }), "data-journey": journey.id }, journey.name);
  const campaign = journey.campaign_id ? `campaign ${journey.campaign_id}` : "no campaign";
  const notes = [`${count(under_way)} under way`, ...(isElsewhere(figures, last_day, days) ? [`last on ${day(last_day)}`] : [])];
  return [
    element("span", { class: "figure" }, name, element("small", { class: "wrapping" }, campaign)),
    statusChip(journey, isSending),
    element("span", { class: "figure" }, count(figures.entered), notes.map((note) => element("small", {}, note))),
    count(figures.sends),
    figure(count(figures.customers_converted), percent(share(figures.customers_converted, figures.customers))),
    money(figures.revenue),
    money(figures.cost),
    element("span", { class: "figure verdict-cell" }, findingTitle(finding), verdict ? element("small", { class: "wrapping" }, verdict) : null),
  ];
}
