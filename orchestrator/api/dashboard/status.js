// The status of a journey: its word, its look, and what may be done about it.

import { element } from "/dashboard/element.js";
import { words } from "/dashboard/format.js";

const ABOUT = {
  DRAFT: { word: "Draft", about: "Nobody enters yet." },
  ACTIVE: { word: "Active", about: "Customers enter and messages are sent." },
  PAUSED: { word: "Paused", about: "Events are recorded, waits are held, nothing is sent." },
  STOPPED: { word: "Stopped", about: "Nobody enters and nothing is sent." },
  ARCHIVED: { word: "Archived", about: "Kept for its history." },
};

export const STATUSES = Object.entries(ABOUT).map(([status, { word }]) => ({ status, word }));

export function statusWord({ status, drain }) {
  if (status === "STOPPED" && drain) return "Stopping";
  return ABOUT[status]?.word ?? words(status);
}

export function statusAbout({ status, drain }) {
  if (status === "STOPPED" && drain) return "Nobody enters; customers under way still finish.";
  return ABOUT[status]?.about ?? "";
}

export function statusChip(journey) {
  return element("span", { class: "chip", "data-status": journey.status }, statusWord(journey));
}

/** What a change to `target` is called, what it means, and how it is told afterwards. */
export function changeTo(target, current) {
  switch (target) {
    case "ACTIVE":
      return current === "PAUSED"
        ? { verb: "Resume", done: "Resumed", means: "Waits that were held are released little by little; messages that have expired meanwhile are dropped." }
        : { verb: "Activate", done: "Activated", means: "Customers who meet the entry conditions enter from now on." };
    case "PAUSED":
      return { verb: "Pause", done: "Paused", means: "No further message is sent. Events are still recorded and waits are held until you resume." };
    case "STOPPED":
      return { verb: "Stop", done: "Stopped", means: "Nobody enters any more. A stopped journey keeps its figures." };
    case "ARCHIVED":
      return { verb: "Archive", done: "Archived", means: "The journey is put away with its history." };
    default:
      return { verb: words(target), done: words(target), means: "" };
  }
}
