// The zone on whose clock the page is written, and the choice of it.

import { element } from "/dashboard/element.js";

export const UTC = "UTC";
const browserZone = () => Intl.DateTimeFormat().resolvedOptions().timeZone || UTC;

/** `name` if the browser knows such a zone, else UTC. */
export function knownZone(name) {
  if (!name) return UTC;
  try {
    Intl.DateTimeFormat("en-GB", { timeZone: name });
    return name;
  } catch (error) {
    if (error instanceof RangeError) return UTC;
    throw error;
  }
}

/** What a field for a day takes: beyond, the browser and the API no longer write years in the same way. */
export const FIRST_DAY = "1900-01-01";
export const LAST_DAY = "9998-12-31";

/** The first moment of a day ("1998-06-01") in a zone, as a Date. */
export function startOfDay(day, zone) {
  const midnight = Date.parse(`${day}T00:00:00Z`);
  let at = midnight;
  // Twice, because the first guess may lie on the other side of a change of the clocks.
  for (let round = 0; round < 2; round += 1) at = midnight - offsetAt(at, zone);
  return new Date(at);
}

/** The day after ("1998-06-02"). */
export const dayAfter = (day) => new Date(Date.parse(`${day}T00:00:00Z`) + 86_400_000).toISOString().slice(0, 10);

/** How far the zone's clock is ahead of UTC at a moment, both in milliseconds. */
function offsetAt(at, zone) {
  const format = new Intl.DateTimeFormat("en-GB", {
    timeZone: zone, hourCycle: "h23", year: "numeric", month: "numeric", day: "numeric", hour: "numeric", minute: "numeric", second: "numeric",
  });
  const parts = Object.fromEntries(format.formatToParts(new Date(at)).map(({ type, value }) => [type, Number(value)]));
  const shown = Date.UTC(parts.year, parts.month - 1, parts.day, parts.hour, parts.minute, parts.second);
  return shown - Math.floor(at / 1000) * 1000;
}

/** A list of zones: UTC and the browser's first. */
export class ZoneChoice {
  #select;

  constructor(chosen, choose) {
    const own = browserZone();
    const others = Intl.supportedValuesOf("timeZone").filter((zone) => zone !== UTC && zone !== own);
    const first = own === UTC ? [[UTC, "UTC"]] : [[UTC, "UTC"], [own, `${own} (this browser)`]];
    if (![UTC, own, ...others].includes(chosen)) first.push([chosen, chosen]);
    const option = ([value, text]) => element("option", { value, selected: value === chosen }, text);
    this.#select = element(
      "select",
      { id: "zone", change: () => choose(this.#select.value) },
      first.map(option),
      element("optgroup", { label: "All zones" }, others.map((zone) => option([zone, zone]))),
    );
    this.node = element("span", { class: "zone" }, element("label", { for: "zone" }, "Zone"), this.#select);
  }

  /** Shows which zone is chosen. */
  mark(chosen) {
    const isKnown = Array.from(this.#select.options).some(({ value }) => value === chosen);
    if (!isKnown) this.#select.prepend(element("option", { value: chosen }, chosen));
    this.#select.value = chosen;
  }

  focus() {
    this.#select.focus();
  }
}
