// What is written compared with which events come in: names to choose from, and names that have not come. Pure.

import { lookedAt, nothingCame, thoseThatCame } from "/dashboard/arrivals.js";
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

/** Every type that the journey waits for or asks about, as [path, type], in the order of the form. */
export function typesIn(document) {
  const { entry, steps, goal, exit_on: exits, segments } = objectAt(document);
  const own = [
    [["entry", "type"], objectAt(entry).kind === "event" ? entry.type : undefined],
    ...Object.entries(objectAt(steps)).map(([id, step]) => [["steps", id, "event"], step?.kind === "wait_for" ? step.event : undefined]),
    [["goal", "event"], objectAt(goal).event],
    ...listAt(exits).map((exit, at) => [["exit_on", at, "event"], exit?.event]),
  ];
  const asked = Object.entries({ entry, steps, goal, exit_on: exits, segments }).flatMap(([name, part]) => askedIn(part, [name]));
  return [...own, ...asked].filter(([, type]) => typeof type === "string" && type !== "");
}

function askedIn(part, path) {
  if (typeof part !== "object" || part === null) return [];
  const own = part.kind === "happened" ? [[[...path, "event"], part.event]] : [];
  const keys = Array.isArray(part) ? part.keys() : Object.keys(part);
  return [...own, ...[...keys].flatMap((key) => askedIn(part[key], [...path, key]))];
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

/** The answer to a check with these warnings beside its own; `note` says where there is nothing to compare with. */
export const withUnseen = (answer, document, seen) => ({ ...answer, warnings: [...answer.warnings, ...unseenTypes(document, seen)], note: noteOn(document, seen) });

const noteOn = (document, seen) => (seen === null || typesIn(document).length === 0 ? "" : nothingCame(seen));

/** The same for the question before publishing, in sentences; empty: nothing to say. */
export function unseenWords(document, seen) {
  return noteOn(document, seen) || unseenTypes(document, seen).map(({ detail, fix }) => `${sentence(detail)} ${sentence(fix)}`).join(" ");
}
