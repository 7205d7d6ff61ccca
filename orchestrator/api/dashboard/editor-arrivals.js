// What is written compared with which events come in: names to choose from, and names that have not come. Pure.

import { lookedAt, namesLike, nothingCame, thoseThatCame } from "/dashboard/arrivals.js";
import { valueAt } from "/dashboard/editor-document.js";
import { pathText } from "/dashboard/editor-text.js";
import { listAt, objectAt } from "/dashboard/picture-words.js";
import { sentence } from "/dashboard/problem.js";

/** The types that have come in, the most frequent first; none where nobody knows. */
export const typesToOffer = (seen) => (seen?.items ?? []).map(({ type }) => type);

/** The fields that events of a type have. */
export const fieldsToOffer = (seen, type) => (seen?.items.find((item) => item.type === type)?.fields ?? []).map(({ name }) => name);

/** The type of the event whose field is named at `path`: of the one that is waited for, counted or the goal, else of the entry. */
export function eventAt(document, path) {
  const where = path.lastIndexOf("where");
  const whose = objectAt(valueAt(document, path.slice(0, where < 0 ? -1 : where)));
  const entry = objectAt(document.entry);
  return [whose.event, whose.type, entry.kind === "event" ? entry.type : undefined].find((type) => typeof type === "string") ?? "";
}

const MOST_FIELDS = 100; // told of a type: one that is not among so many may be there nevertheless

/** Every type that the journey waits for or asks about, as [path, type], in the order of the form. */
function typesIn(document) {
  const { entry, steps, goal, exit_on: exits } = objectAt(document);
  const own = [
    [["entry", "type"], objectAt(entry).kind === "event" ? entry.type : undefined],
    ...Object.entries(objectAt(steps)).map(([id, step]) => [["steps", id, "event"], step?.kind === "wait_for" ? step.event : undefined]),
    [["goal", "event"], objectAt(goal).event],
    ...listAt(exits).map((exit, at) => [["exit_on", at, "event"], exit?.event]),
  ];
  return [...own, ...namesOf(document, ["happened"], "event")].filter(isName);
}

/** Every field of an event that the journey names, as [path, name]. */
function fieldsIn(document) {
  const { entry, goal } = objectAt(document);
  const own = [[["entry", "key"], objectAt(entry).key], [["goal", "value"], objectAt(goal).value]];
  return [...own, ...namesOf(document, ["field", "entry"], "name")].filter(isName);
}

const isName = ([, name]) => typeof name === "string" && name !== "";

/** What stands under `name` in every part of these kinds, however deep, as [path, value]; tests are stories of their own. */
function namesOf(document, kinds, name) {
  const within = (part, path) => {
    if (typeof part !== "object" || part === null) return [];
    const own = kinds.includes(part.kind) ? [[[...path, name], part[name]]] : [];
    const keys = Array.isArray(part) ? part.keys() : Object.keys(part);
    return [...own, ...[...keys].flatMap((key) => within(part[key], [...path, key]))];
  };
  return ["entry", "steps", "goal", "exit_on", "segments"].flatMap((part) => within(objectAt(document)[part], [part]));
}

/** A warning, as the check gives them, for each type that has not come in, where it stands first. */
export function unseenTypes(document, seen) {
  if (seen === null || nothingCame(seen) || seen.types_left_out > 0) return [];
  const emitted = Object.values(objectAt(objectAt(document).steps)).filter((step) => step?.kind === "emit").map(({ event }) => event);
  const known = new Set([...typesToOffer(seen), ...emitted]);
  return typesIn(document).flatMap(([path, type]) => {
    if (known.has(type)) return [];
    known.add(type); // said once
    const detail = `no “${type}” has come in among ${lookedAt(seen)}`;
    return [{ path: pathText(path), rule: "not_seen", detail, fix: `Is it spelled so? ${thoseThatCame(type, seen)}` }];
  });
}

/** The same for each field that no event of its type has, of the types that have come in. */
export function unseenFields(document, seen) {
  const said = new Set();
  return fieldsIn(document).flatMap(([path, name]) => {
    const type = eventAt(document, path);
    const item = seen?.items.find((each) => each.type === type);
    const names = fieldsToOffer(seen, type);
    const isThere = names.some((known) => known === name || known.startsWith(`${name}.`));
    if (!item || isThere || names.length >= MOST_FIELDS || said.has(`${type} ${name}`)) return [];
    said.add(`${type} ${name}`);
    const detail = `no “${type}” among ${lookedAt(seen)} has a field “${name}”`;
    return [{ path: pathText(path), rule: "not_seen", detail, fix: names.length > 0 ? `Is it spelled so? Those it has: ${namesLike(name, names)}` : "They have no fields" }];
  });
}

const unseenIn = (document, seen) => [...unseenTypes(document, seen), ...unseenFields(document, seen)];

/** The answer to a check with these warnings beside its own; `note` says where there is nothing to compare with. */
export const withUnseen = (answer, document, seen) => ({ ...answer, warnings: [...answer.warnings, ...unseenIn(document, seen)], note: noteOn(document, seen) });

const noteOn = (document, seen) => (seen === null || typesIn(document).length === 0 ? "" : nothingCame(seen));

/** The same for the question before publishing, in sentences; empty: nothing to say. */
export function unseenWords(document, seen) {
  return noteOn(document, seen) || unseenIn(document, seen).map(({ detail, fix }) => `${sentence(detail)} ${sentence(fix)}`).join(" ");
}
