// The workspace's settings as one document that a person edits; the kill switch is not among them. Pure.

import { isSame, tidy } from "/dashboard/editor-document.js";
import { objectAt } from "/dashboard/picture-words.js";

/** The settings, each with what holds where the document leaves it out. */
const LEFT_OUT = { guardrails: {}, holdout_percent: 0, costs: {}, needs_approval: false };
const NAMES = Object.keys(LEFT_OUT);

/** What holds in a workspace, as a document: guardrails that are none are left out. */
export function settingsOf(workspace) {
  const guardrails = tidy(workspace.guardrails);
  const { holdout_percent, costs, needs_approval } = workspace;
  return { ...(Object.keys(guardrails).length > 0 ? { guardrails } : {}), holdout_percent, costs, needs_approval };
}

/** The document with everything that it leaves out written out, as the API takes it; what is no object stays as it is. */
export const complete = (document) => (objectAt(document) === document ? { ...LEFT_OUT, ...document } : document);

/** The settings that differ, as the second document has them: a change for the API. */
export function changeOf(before, after) {
  const [was, is] = [complete(before), complete(objectAt(after))];
  return Object.fromEntries(Object.entries(is).filter(([name, value]) => !isSame(was[name], value)));
}

/**
 * What becomes of what is `written` when somebody else has made `theirs` of what both began with: {document, contested}. Settings
 * that only one of us has changed are as that one left them; `contested` are the names of those that both have changed.
 */
export function met(base, written, theirs) {
  const mine = objectAt(written);
  const [ours, other] = [changeOf(base, mine), changeOf(base, theirs)];
  const contested = NAMES.filter((name) => name in ours && name in other && !isSame(ours[name], other[name]));
  const kept = NAMES.filter((name) => name in (name in ours ? mine : theirs));
  const strange = Object.entries(mine).filter(([name]) => !NAMES.includes(name));
  const document = Object.fromEntries([...kept.map((name) => [name, (name in ours ? mine : theirs)[name]]), ...strange]);
  return { document, contested };
}

const CALLED = { guardrails: "guardrails", holdout_percent: "holdout", costs: "costs", needs_approval: "second person" };
export const settingName = (name) => CALLED[name] ?? name.replaceAll("_", " ");
