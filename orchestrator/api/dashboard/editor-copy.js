// A copy of a journey, left where the editor of a new journey looks for unsaved text.

import { confirmed } from "/dashboard/confirmation.js";
import { inReadingOrder, tidy } from "/dashboard/editor-document.js";
import { Kept } from "/dashboard/editor-kept.js";
import { writeText } from "/dashboard/editor-text.js";

const MOST_CHARS = 200; // of a name

/** Keeps the definition of `journey` as that of a new one; false: another new journey was begun, and shall stay. */
export async function keepCopy(journey, workspace) {
  const kept = new Kept(workspace.workspace_id, null);
  const question = {
    title: "Begin anew with a copy?",
    text: "You have begun another new journey in this tab and have not saved it: it is lost.",
    verb: "Begin anew",
    isGrave: true,
  };
  if (kept.read() !== null && (await confirmed(question)) === null) return false;
  const definition = { ...inReadingOrder(tidy(journey.config)), name: `Copy of ${journey.name}`.slice(0, MOST_CHARS) };
  kept.write({ text: writeText(definition), campaign: journey.campaign_id ?? "" });
  return true;
}
