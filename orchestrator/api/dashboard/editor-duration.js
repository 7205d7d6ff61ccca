// Lengths of time as a definition writes them: "P7D", "PT4H". Pure.

const DURATION = /^P(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?$/;
const HALF_WRITTEN = /^P(?:(.*)([WD])|T(.*)([HMS]))$/s; // whatever was typed, in a unit
export const UNITS = [
  { unit: "W", name: "weeks", seconds: 604_800, write: (number) => `P${number}W` },
  { unit: "D", name: "days", seconds: 86_400, write: (number) => `P${number}D` },
  { unit: "H", name: "hours", seconds: 3_600, write: (number) => `PT${number}H` },
  { unit: "M", name: "minutes", seconds: 60, write: (number) => `PT${number}M` },
  { unit: "S", name: "seconds", seconds: 1, write: (number) => `PT${number}S` },
];

/** How long that is; null for what is no length. */
export function secondsOf(text) {
  const match = matchOf(text);
  return match === null ? null : UNITS.reduce((sum, unit, at) => sum + Number(match[at + 1] ?? 0) * unit.seconds, 0);
}

/** "P1DT12H" as {number: "36", unit: "H"}; null for what is no length. */
function partsOf(text) {
  const match = matchOf(text);
  if (match === null) return null;
  const seconds = secondsOf(text);
  const written = UNITS.filter((_, at) => match[at + 1] !== undefined);
  const { unit, seconds: size } = written.length === 1 ? written[0] : UNITS.find((each) => seconds % each.seconds === 0);
  return { number: String(seconds / size), unit };
}

/**
 * What stands in the fields for a number and a unit; `unit` where the text has none. What is no length keeps its unit,
 * too: "PT-1H" is what -1 and hours become, so that nothing typed is lost and the check can refuse it.
 */
export function typedLength(text, unit) {
  if (text === "PT0S") return { number: "0", unit }; // nothing is nothing in any unit
  const parts = partsOf(text);
  if (parts !== null) return parts;
  const half = typeof text === "string" ? HALF_WRITTEN.exec(text) : null;
  if (half !== null) return { number: half[1] ?? half[3], unit: half[2] ?? half[4] };
  return { number: String(text ?? ""), unit };
}

/** The text for what is typed and a unit; undefined for nothing. A whole length such as "P7D" may be typed as well. */
export function writtenLength(typed, unit) {
  const number = typed.trim();
  if (number === "") return undefined;
  return matchOf(number) === null ? UNITS.find((each) => each.unit === unit).write(number) : number;
}

const matchOf = (text) => (typeof text === "string" && text.length > 1 && !/[PT]$/.test(text) ? DURATION.exec(text) : null);
