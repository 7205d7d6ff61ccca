// What a backtest found: who would have entered, what would have been sent, and what would have been held back and why.

import { Chart } from "/dashboard/chart.js";
import { valueAt } from "/dashboard/editor-document.js";
import { element } from "/dashboard/element.js";
import { amount, count, counted, day, dayRange, decimal, money, words } from "/dashboard/format.js";
import { reasonRows, reasonTable } from "/dashboard/reasons.js";
import { stepsInOrder } from "/dashboard/step-table.js";
import { Table } from "/dashboard/table.js";
import { tile } from "/dashboard/tiles.js";

const DAY_MS = 86_400_000;
const OF_A_DAY = /^\d{4}-\d\d-\d\d: /; // such figures of a comparison are in the chart
const sum = (counts) => Object.values(counts).reduce((all, value) => all + value, 0);

export class BacktestAnswer {
  #drawn = null; // id of the backtest that stands here
  #charts = [];
  #place = element("div", { class: "backtest-answer" });

  /** `name` begins the ids of what is made here. */
  constructor(name) {
    const title = `${name}-answer-title`;
    this.node = element("section", { class: "panel", "aria-labelledby": title, hidden: true }, element("h2", { id: title }, "What would have happened"), this.#place);
  }

  update({ id, config, result, ...asked }) {
    this.node.hidden = result === null;
    if (result === null || id === this.#drawn) return;
    this.destroy();
    this.#drawn = id;
    const parts = result.read === 0 ? [element("p", {}, "There were no events of this workspace before the end of these days: the history is empty.")] : this.#parts(asked, config, result);
    this.#place.replaceChildren(...parts.filter(Boolean));
  }

  destroy() {
    for (const chart of this.#charts) chart.destroy();
    this.#charts = [];
    this.#drawn = null;
  }

  #parts(asked, config, result) {
    return [
      element("div", {}, element("p", {}, headline(asked, result)), remarks(asked, result)),
      element("p", { class: "backtest-silent" }, result.note),
      tilesOf(result),
      this.#trend(result.days),
      differenceOf(asked, result.difference),
      stepsOf(config, result.steps),
      armsOf(result.arms),
      reasonsOf(result),
    ];
  }

  #trend(days) {
    const dates = everyDay(Object.keys(days).sort());
    if (dates.length === 0) return null;
    const line = (name) => dates.map((date) => days[date]?.[name] ?? 0);
    const entered = new Chart({ title: "Entries by day", series: [{ label: "Entered", arm: "treatment", isFilled: true }], write: count });
    const sent = new Chart({
      title: "Messages by day",
      series: [{ label: "Sent", arm: "treatment", isFilled: true }, { label: "Held back", arm: "holdout", isDashed: true }],
      write: count,
    });
    this.#charts = [entered, sent];
    entered.update(dates, [line("entered")]);
    sent.update(dates, [line("sent"), line("suppressed")]);
    const table = new Table({
      caption: "Day by day, newest first",
      columns: [{ label: "Day", note: "UTC" }, ...["Entered", "Sent", "Held back", "Put off", "Goals"].map((label) => ({ label, numeric: true })), { label: "Cost", numeric: true }],
    });
    const row = (date) => {
      const figures = days[date] ?? { entered: 0, sent: 0, suppressed: 0, deferred: 0, goals: 0, cost: 0 };
      return [day(date), ...["entered", "sent", "suppressed", "deferred", "goals"].map((name) => count(figures[name])), money(figures.cost)];
    };
    table.setRows([...dates].reverse().map(row));
    const scrolling = element("div", { class: "scrolling", tabindex: "0", role: "region", "aria-label": "Days as a table" }, table.node);
    return element("div", {}, element("div", { class: "charts" }, entered.node, sent.node), element("details", { class: "twin" }, element("summary", {}, "Show as table"), scrolling));
  }
}

/** The days from the first to the last of `days`, with those between. */
function everyDay(days) {
  const dates = [];
  for (let at = Date.parse(days[0]); at <= Date.parse(days.at(-1)); at += DAY_MS) dates.push(new Date(at).toISOString().slice(0, 10));
  return dates;
}

/** The days from one moment to another, the last of which is not whole. */
export const daysOf = ({ from, to }) => dayRange(dayOf(from), dayOf(new Date(Date.parse(to) - 1).toISOString()));
const dayOf = (moment) => moment.slice(0, 10);

function headline(asked, { entered, sent, suppressed }) {
  return `On ${daysOf(asked)}, customers would have entered ${counted(entered, "time")} and been sent ${counted(sent, "message")}; ${counted(sum(suppressed), "more would have been held back", "more would have been held back")}.`;
}

/** What the figures stand on. */
function remarks({ from }, { read, before, unusable, erased, from: first, to: last }) {
  const kept = first && dayOf(first) > dayOf(from) ? " Of the days before, nothing is kept any more, or nothing happened." : "";
  const said = [
    `Events read: ${count(read)}${first ? `, from ${day(dayOf(first))} to ${day(dayOf(last))}` : ""}.${kept}`,
    before > 0 ? `Events before the first day: ${count(before)}. From these it was only learnt what customers had agreed to and done.` : "",
    unusable > 0 ? `Events that could not be read: ${count(unusable)}. They count for nothing.` : "",
    erased > 0 ? `Events of customers who have been erased since: ${count(erased)}. They were left out.` : "",
    "Messages of other journeys are not counted towards shared limits.",
  ];
  return element("ul", { class: "remarks" }, said.filter(Boolean).map((text) => element("li", {}, text)));
}

function tilesOf({ entered, sent, suppressed, deferred, ended, cost, arms }) {
  const goals = Object.values(arms).reduce((all, arm) => all + arm.goals, 0);
  const value = Object.values(arms).reduce((all, arm) => all + arm.value, 0);
  const heldOut = arms.holdout?.entered ?? 0;
  const tiles = [
    { name: "Entries", value: count(entered), note: heldOut > 0 ? `${count(heldOut)} of them held out` : "nobody held out" },
    { name: "Messages", value: count(sent), note: entered > heldOut ? `${decimal(sent / (entered - heldOut))} per entry that is not held out` : "nobody to send to" },
    { name: "Held back", value: count(sum(suppressed)), note: `${count(sum(deferred))} put off` },
    { name: "Ended", value: count(sum(ended)), note: `${count(entered - sum(ended))} under way or held out at the end` },
    { name: "Cost", value: money(cost), note: `of ${counted(sent, "message")}` },
    { name: "Goals in history", value: count(goals), note: value > 0 ? `worth ${money(value)}, without these messages` : "reached without these messages" },
  ];
  return element("dl", { class: "tiles", "data-count": String(tiles.length) }, tiles.map(tile));
}

function channelWords(counts) {
  return Object.entries(counts).map(([name, value]) => `${count(value)} ${words(name).toLowerCase()}`).join(", ") || "–";
}

function stepsOf(config, steps) {
  const table = new Table({
    caption: "Steps, in the order in which customers come to them",
    columns: [{ label: "Step" }, { label: "Went on", numeric: true }, { label: "Messages", note: "by channel" }, { label: "Held back", note: "by guardrail" }, { label: "Put off", note: "by guardrail" }],
    empty: "Nobody came to any step.",
  });
  const row = (name) => {
    const { passed, sent, suppressed, deferred } = valueAt(steps, [name]) ?? { passed: 0, sent: {}, suppressed: {}, deferred: {} };
    const { kind } = config.steps[name];
    const wentOn = kind === "exit" || kind === "send" ? "–" : count(passed); // of a message its fate is told instead
    return [element("span", { class: "figure" }, name, element("small", {}, words(kind))), wentOn, ...[sent, suppressed, deferred].map(channelWords)];
  };
  table.setRows(stepsInOrder(config).map(row));
  return table.node;
}

function armsOf(arms) {
  if (!arms.holdout) return null;
  const table = new Table({
    caption: "Who would have been held out, and what both reached anyway",
    columns: [{ label: "Group" }, { label: "Entries", numeric: true }, { label: "Goals in history", numeric: true }, { label: "Worth", numeric: true }],
  });
  table.setRows(Object.entries(arms).map(([name, { entered, goals, value }]) => [words(name), count(entered), count(goals), money(value)]));
  return table.node;
}

function reasonsOf({ suppressed, deferred, entry_refused, ended }) {
  const tables = [
    [reasonTable("Messages held back, by guardrail", "of messages held back", "No message was held back."), suppressed],
    [reasonTable("Messages put off, by guardrail", "of messages put off", "No message was put off."), deferred],
    [reasonTable("Entries refused, by rule", "of refused entries", "No entry was refused."), entry_refused],
    [reasonTable("Runs ended, by reason", "of runs ended", "No run ended."), ended],
  ];
  for (const [table, counts] of tables) table.setRows(reasonRows(counts));
  return element("div", { class: "columns" }, tables.map(([table]) => table.node));
}

/** This definition beside the published one. */
function differenceOf({ against_version }, difference) {
  if (!difference) return null;
  const figures = Object.entries(difference.figures).filter(([name]) => !OF_A_DAY.test(name));
  const table = new Table({
    caption: `Against version ${count(against_version)}, which is published: what differs`,
    columns: [{ label: "Figure" }, { label: "This definition", numeric: true }, { label: "Published", numeric: true }, { label: "Change", numeric: true }],
    empty: "Both do the same.",
  });
  const sign = (value) => `${value > 0 ? "+" : ""}${amount(value)}`;
  table.setRows(figures.map(([name, { this: mine, other }]) => [words(name), amount(mine), amount(other), sign(mine - other)]));
  const who = difference.customers_who_differ;
  const told = who === 0 ? "Every customer would have got the same messages at the same times." : `${counted(who, "customer")} would have got other messages, or at other times.`;
  return element("div", {}, table.node, element("p", { class: "footnote" }, told));
}
