// The view of one journey: its head, its tabs, and what the chosen tab shows.

import { CustomerSearch } from "/dashboard/customer-search.js";
import { element } from "/dashboard/element.js";
import { JourneyHeader } from "/dashboard/journey-header.js";
import { JourneyOverview } from "/dashboard/journey-overview.js";
import { PeriodChoice, periodNamed } from "/dashboard/period.js";
import { isQuiet, QuietDays } from "/dashboard/quiet-days.js";
import { loadStyle } from "/dashboard/style.js";
import { Tabs } from "/dashboard/tabs.js";
import { knownZone, ZoneChoice } from "/dashboard/zone.js";

/**
 * `hasPeriod`: the days chosen matter there. `isEditor`: it asks before unsaved changes are left behind and keeps them
 * for who comes back, so it ends when its tab is left; and no zone matters to it.
 */
const TABS = [
  { name: "overview", label: "Overview", hasPeriod: true, open: async (client, id) => new JourneyOverview(client, id) },
  { name: "canvas", label: "Canvas", hasPeriod: true, open: openCanvas },
  { name: "compare", label: "Compare", open: async (client, id) => new (await import("/dashboard/journey-compare.js")).JourneyCompare(client, id) },
  { name: "activities", label: "Activities", open: async (client, id, shell) => new (await import("/dashboard/activities.js")).Activities(client, id, shell) },
  { name: "edit", label: "Edit", isEditor: true, open: openEditor },
  { name: "backtest", label: "Backtest", open: openBacktests },
  { name: "history", label: "History", open: async (client, id, shell) => new (await import("/dashboard/journey-history.js")).JourneyHistory(client, id, shell) },
];

async function openCanvas(client, id) {
  const { Canvas } = await import("/dashboard/canvas.js");
  await loadStyle("/dashboard/canvas.css");
  return new Canvas(client, id);
}

async function openEditor(client, id, shell) {
  const { EditorWithBacktest } = await import("/dashboard/editor-backtest.js");
  await Promise.all(["canvas", "editor", "backtest"].map((name) => loadStyle(`/dashboard/${name}.css`)));
  const overview = () => shell.show({ tab: null });
  return new EditorWithBacktest(client, { journeyId: id, leave: overview, opened: overview, copied: () => shell.show(NEW) });
}

/** Where a new journey is written. */
const NEW = { page: "new", journey: null, tab: null, customer: null, period: null };

async function openBacktests(client, id) {
  const { Backtests } = await import("/dashboard/backtest.js");
  await loadStyle("/dashboard/backtest.css");
  return new Backtests(client, async () => {
    const journey = await client.journey(id);
    return { definition: journey.config, journey };
  });
}

export class JourneyView {
  #client;
  #shell;
  #address;
  #period;
  #header;
  #tabs;
  #choice;
  #zone;
  #isWidened = false; // it has been looked whether the usual days show nothing
  #search = new CustomerSearch((customer) => this.#shell.show({ tab: "activities", customer }));
  #toolbar = element("div", { class: "toolbar" });
  #quiet = new QuietDays(() => this.#shell.show({ period: "all" }, { replace: true }));
  #parts = new Map(); // tab → what it shows, made when it is first opened

  /** `shell` offers show(address, options), refresh() and recount(). */
  constructor(client, address, shell) {
    this.#client = client;
    this.#shell = {
      ...shell,
      /** As the page's own, from where one is in this journey. */
      show: (change, options) => shell.show({ ...this.#address, ...change }, options),
    };
    this.#header = new JourneyHeader(client, this.#shell);
    this.#tabs = new Tabs({ label: "What of the journey", tabs: TABS, choose: (tab) => this.#shell.show({ tab, customer: null }) });
    this.node = element("div", { class: "journey", "aria-busy": "true" }, this.#header.node, this.#tabs.node, this.#toolbar, this.#quiet.node, this.#tabs.panels);
    this.#take(address);
  }

  /** Goes to another place within the same journey; false: it is none. */
  follow(address) {
    if (address.journey !== this.#address.journey) return false;
    this.#take(address);
    return true;
  }

  /** Reads what the open tab shows anew; returns the time the figures are of. */
  async refresh(workspace) {
    const { journey: id, tab } = this.#address;
    const period = this.#period;
    // All is asked for side by side: the part may want the journey as well, and awaits it then.
    const journey = this.#client.journey(id);
    const showHead = async () => this.#header.update(await journey, workspace);
    const showPart = async () => {
      const part = await this.#part(tab);
      part.follow?.(this.#address);
      return [part, await part.refresh({ workspace, journey, period })];
    };
    const [, [part, freshAt]] = await Promise.all([showHead(), showPart()]);
    if (tab !== this.#address.tab || period !== this.#period) return freshAt;
    if (part.report) await this.#widen(part, { workspace, journey, period });
    if (part.report) this.#choice.update(part.report);
    if (tab === "overview") this.#toolbar.hidden = part.report === null; // a draft has no figures and no customers
    if (part.report) this.#quiet.ofJourney(part.report, this.#period.isWhole && !this.#address.period);
    this.node.setAttribute("aria-busy", "false");
    return freshAt;
  }

  /** Where nobody has chosen days and the usual ones show nothing, all are shown: once, and if they show more. */
  async #widen(part, asked) {
    if (this.#isWidened || this.#address.period) return;
    this.#isWidened = true;
    if (!isQuiet(part.report.totals)) return;
    const all = { ...periodNamed("all"), zone: this.#zone };
    await part.refresh({ ...asked, period: all });
    if (asked.period !== this.#period) return; // chosen meanwhile
    if (isQuiet(part.report.totals)) await part.refresh(asked);
    else this.#period = all;
    this.#choice.mark(this.#period);
  }

  destroy() {
    for (const part of this.#parts.values()) part.destroy();
    this.#parts.clear();
  }

  #take(address) {
    const zone = knownZone(address.zone);
    const isOtherZone = zone !== this.#zone;
    const isOtherTab = address.tab !== this.#address?.tab;
    if (isOtherZone) this.#changeZone(zone, address);
    if (isOtherZone || address.period !== this.#address?.period) this.#period = { ...periodNamed(address.period), zone };
    this.#address = TABS.some(({ name }) => name === address.tab) ? address : { ...address, tab: "overview" };
    if (isOtherTab) this.#header.hush();
    this.#header.backTo(address.period);
    if (isOtherTab) for (const { name, isEditor } of TABS) if (isEditor && name !== this.#address.tab) this.#end(name);
    this.#choice.mark(this.#period);
    if (isOtherTab) this.#quiet.node.hidden = true;
    this.#choice.node.hidden = !TABS.find(({ name }) => name === this.#address.tab).hasPeriod;
    this.#toolbar.hidden = this.#address.tab === "edit";
    if (isOtherTab || isOtherZone) this.node.setAttribute("aria-busy", "true");
    this.#tabs.open(this.#address.tab);
  }

  /** Everything that has written a time is made anew. */
  #changeZone(zone, address) {
    this.#zone = zone;
    for (const { name, isEditor } of TABS) if (!isEditor) this.#end(name);
    this.#header.forget();
    this.#choice = new PeriodChoice(periodNamed(address.period), ({ name }) => this.#shell.show({ period: name }, { replace: true }), { zone });
    const choice = new ZoneChoice(zone, (chosen) => this.#shell.show({ zone: chosen }, { replace: true }));
    const hadFocus = this.#toolbar.contains(document.activeElement);
    this.#toolbar.replaceChildren(this.#choice.node, this.#search.node, choice.node);
    if (hadFocus) choice.focus();
  }

  #end(tab) {
    this.#parts.get(tab)?.destroy();
    this.#parts.delete(tab);
  }

  async #part(tab) {
    if (!this.#parts.has(tab)) {
      const made = await TABS.find(({ name }) => name === tab).open(this.#client, this.#address.journey, this.#shell);
      if (this.#parts.has(tab)) made.destroy();
      else this.#parts.set(tab, made);
      this.#tabs.fill(tab, this.#parts.get(tab).node);
    }
    return this.#parts.get(tab);
  }
}
