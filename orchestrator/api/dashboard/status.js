// The status of a journey: its word, its look, and what may be done about it.

import { element } from "/dashboard/element.js";
import { words } from "/dashboard/format.js";

const ABOUT = {
  DRAFT: { word: "Draft", about: "Nobody enters until it is published." },
  ACTIVE: { word: "Active", about: "Customers enter and messages are sent." },
  PAUSED: { word: "Paused", about: "Nobody enters and nothing is sent until it is resumed." },
  STOPPED: { word: "Stopped", about: "Nobody enters and nothing is sent. It cannot be started again." },
  ARCHIVED: { word: "Archived", about: "Kept for its history." },
};

export const STATUSES = Object.entries(ABOUT).map(([status, { word }]) => ({ status, word }));

export function statusWord({ status, drain }) {
  if (status === "STOPPED" && drain) return "Stopping";
  return ABOUT[status]?.word ?? words(status);
}

/** Whether the journey would send, were sending not switched off for its whole workspace. */
const isSilenced = ({ status, drain }, isSending) => !isSending && (status === "ACTIVE" || (status === "STOPPED" && drain));

function statusAbout({ status, drain }) {
  if (status === "STOPPED" && drain) return "Nobody enters; customers under way still finish. It cannot be started again.";
  return ABOUT[status]?.about ?? "";
}

/** The status as a chip; `isSending` false: the workspace sends nothing, so what would run does not. */
export function statusChip(journey, isSending = true) {
  const silenced = isSilenced(journey, isSending);
  return element("span", { class: "chip", "data-status": journey.status, "data-silenced": silenced }, `${statusWord(journey)}${silenced ? ", but not sending" : ""}`);
}

/** The chip with a sentence on what it means. */
export function statusLine(journey, isSending) {
  const about = isSilenced(journey, isSending)
    ? element("span", { class: "failed" }, "Sending is switched off for the whole workspace: nobody enters and nothing is sent.")
    : element("span", {}, statusAbout(journey));
  return [statusChip(journey, isSending), about];
}

/** What becomes of those who would enter while nothing is let in, by the kind of entry. */
const LEFT_OUT = {
  event: "Nobody new enters meanwhile, and whoever does then what starts it is not taken in later.",
  segment: "Nobody new enters meanwhile; whoever belongs to the audience when you resume enters then.",
  schedule: "Nobody new enters meanwhile; moments of its schedule that pass are not made up for.",
  api: "Nobody new enters meanwhile: whom another system sends in is refused, and not taken in later.",
};

/** What a change to `target` is called, what it means, point by point, and how it is told afterwards. */
export function changeTo(target, { status: current, drain, config }) {
  const kind = config?.entry?.kind;
  switch (target) {
    case "ACTIVE":
      return current === "PAUSED"
        ? {
            verb: "Resume",
            done: "Resumed",
            means: "What was held goes on, little by little, and customers enter again.",
            points: [
              "A message that has come to be past its “not worth sending after” meanwhile is dropped; nothing is sent twice.",
              kind === "segment" ? "Whoever belongs to the audience now enters." : "Who would have entered while it was paused does not.",
            ],
          }
        : { verb: "Publish", done: "Published", means: "Customers who meet the entry conditions enter from now on.", points: [] };
    case "PAUSED":
      return {
        verb: "Pause",
        done: "Paused",
        means: "No further message is sent until you resume.",
        points: [
          LEFT_OUT[kind] ?? LEFT_OUT.event,
          "Customers under way stay. What they do still counts: whoever reaches the goal or meets an exit condition leaves as before.",
          "Waits go on running: whoever has waited long enough by then goes on when you resume.",
          "A message that is due already waits, and is dropped if it is past its “not worth sending after” when you resume.",
        ],
      };
    case "STOPPED":
      return { verb: "Stop", done: "Stopped", means: "A stopped journey cannot be started again: if you are unsure, pause it. Nobody enters any more; its figures stay.", points: [] };
    case "ARCHIVED":
      return { verb: "Archive", done: "Archived", means: "The journey is put away with its history. It is listed only when asked for.", points: drain ? ["Customers who are still under way leave now and get nothing more."] : [] };
    default:
      return { verb: words(target), done: words(target), means: "", points: [] };
  }
}
