// Lengths of time as a definition writes them: "P7D", "PT4H". Pure.

const DURATION = /^P(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?$/;
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
export function partsOf(text) {
  const match = matchOf(text);
  if (match === null) return null;
  const seconds = secondsOf(text);
  const written = UNITS.filter((_, at) => match[at + 1] !== undefined);
  const { unit, seconds: size } = written.length === 1 ? written[0] : UNITS.find((each) => seconds % each.seconds === 0);
  return { number: String(seconds / size), unit };
}

const matchOf = (text) => (typeof text === "string" && text.length > 1 && !/[PT]$/.test(text) ? DURATION.exec(text) : null);
