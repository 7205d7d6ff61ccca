// How figures, days and times are written: one way for the whole page, on the clock of one zone.

const MISSING = "–";
const COUNT = new Intl.NumberFormat("en-GB", { maximumFractionDigits: 0 });
const MONEY = new Intl.NumberFormat("en-GB", { minimumFractionDigits: 2, maximumFractionDigits: 2 });
const ONE_DECIMAL = new Intl.NumberFormat("en-GB", { minimumFractionDigits: 1, maximumFractionDigits: 1 });
const DAY = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", year: "numeric", timeZone: "UTC" });
const MONTH = new Intl.DateTimeFormat("en-GB", { month: "short", year: "numeric", timeZone: "UTC" });
const DAY_OF_YEAR = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", timeZone: "UTC" });

let zone = "UTC";
let dayOfMoment = DAY;
let clockOfMoment = clockIn(zone);

function clockIn(timeZone) {
  return new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23", timeZoneName: "short", timeZone });
}

/** From now on moments are written on the clock of this zone. */
export function useZone(name) {
  if (name === zone) return;
  zone = name;
  dayOfMoment = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", year: "numeric", timeZone: zone });
  clockOfMoment = clockIn(zone);
}
export const zoneInUse = () => zone;

const isNumber = (value) => typeof value === "number" && Number.isFinite(value);

export const count = (value) => (isNumber(value) ? sign(COUNT.format(value)) : MISSING);
export const decimal = (value) => (isNumber(value) ? sign(ONE_DECIMAL.format(value)) : MISSING);
/** An amount in the unit of the workspace's own events: no currency is known. From 10,000 on without cents. */
export const money = (value) =>
  isNumber(value) ? sign((Math.abs(value) >= 10_000 ? COUNT : MONEY).format(value)) : MISSING;
/** A fraction 0..1 as "12.0%". */
export const percent = (fraction) => (isNumber(fraction) ? sign(`${ONE_DECIMAL.format(fraction * 100)}%`) : MISSING);
/** A change as "+12.0%". */
export const change = (fraction) => withPlus(fraction, percent(fraction));
/** A difference of two rates as "+1.2 pp" (percentage points). */
export const points = (fraction) =>
  isNumber(fraction) ? withPlus(fraction, `${sign(ONE_DECIMAL.format(fraction * 100))} pp`) : MISSING;
export const moneyChange = (value) => withPlus(value, money(value));
export const pValue = (p) => (isNumber(p) ? (p < 0.001 ? "< 0.001" : p.toFixed(3)) : MISSING);
/** `part` of `whole` as a fraction; null where there is no whole. */
export const share = (part, whole) => (whole > 0 ? part / whole : null);
/** "1 customer", "2,000 customers". */
export const counted = (value, one, many = `${one}s`) => `${count(value)} ${value === 1 ? one : many}`;

/** "3 Jan 1998" of a calendar day ("1998-01-03"), which is the same in every zone. */
export const day = (text) => DAY.format(new Date(text));
/** "1–30 Jun 1998" of two days. */
export const dayRange = (from, to) => DAY.formatRange(new Date(from), new Date(to));
/** "Jan 1998" of a day. */
export const monthOfYear = (text) => MONTH.format(new Date(text));
export const dayOfYear = (text) => DAY_OF_YEAR.format(new Date(text));
/** "14:02:03 UTC" of a moment. */
export const clock = (text) => clockOfMoment.format(new Date(text));
/** "3 Jan 1998, 14:02:03 UTC" of a moment. */
export const moment = (text) => `${dayOfMoment.format(new Date(text))}, ${clock(text)}`;
/** A sentence of the API with its moments ("1998-01-03 14:02:03 UTC") written on the page's clock. */
export const onOurClock = (text) =>
  text.replaceAll(/(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d) UTC/g, (_, date, time) => moment(`${date}T${time}Z`));
/** "2 d 3 h", "5 min" of a time in milliseconds: the two largest units. */
export function span(ms) {
  const parts = [];
  let left = Math.max(0, Math.round(ms / 1000));
  for (const [unit, size] of [["d", 86_400], ["h", 3_600], ["min", 60], ["s", 1]]) {
    const whole = Math.floor(left / size);
    left -= whole * size;
    if (whole > 0) parts.push(`${COUNT.format(whole)} ${unit}`);
  }
  return parts.slice(0, 2).join(" ") || "less than a second";
}
/** A limit or what is used of it: whole numbers as counts, others as money. */
export const amount = (value) => (Number.isInteger(value) ? count(value) : money(value));

/** "frequency_cap" as "Frequency cap": for words the page does not know. */
export function words(name) {
  const text = String(name).replaceAll(/[_-]+/g, " ").trim();
  return text.charAt(0).toUpperCase() + text.slice(1);
}

export function withPlus(value, text) {
  return isNumber(value) && value > 0 ? `+${text}` : text;
}

/** A typographic minus, and none before a zero that was rounded. */
function sign(text) {
  const bare = text.replace(/^-/, "");
  if (bare === text) return text;
  return /[1-9]/.test(bare) ? `−${bare}` : bare;
}
