// The page's address: everything after "#" is ours, and never reaches a server.

/** Places that have a name of their own; anything else is the list of journeys, or one journey. */
const PAGES = ["journeys", "new", "audit", "proposals", "keys", "settings"];
/** What an address may say besides, in the order in which it is written. */
const FIELDS = ["journey", "tab", "customer", "status", "name", "campaign", "sort", "pages", "period", "zone"];
const FIRST_TAB = "overview";

/** What the fragment says: {page, key, journey, tab, customer, status, name, campaign, sort, pages, period, zone}; null where it says nothing. */
export function readAddress(fragment = location.hash) {
  const fields = new URLSearchParams(fragment.replace(/^#/, ""));
  const page = fields.get("journey") ? "journey" : (PAGES.find((name) => fields.has(name)) ?? "journeys");
  const said = Object.fromEntries(["key", ...FIELDS].map((name) => [name, fields.get(name) || null]));
  return { ...said, page, tab: said.journey ? (said.tab ?? FIRST_TAB) : null };
}

/** "#journey=…&tab=compare", "#audit&zone=Europe/Berlin"; empty for the list of journeys. */
export function writeAddress(address = {}) {
  const { page, tab } = address;
  const parts = page && page !== "journeys" && page !== "journey" ? [page] : [];
  for (const name of FIELDS) {
    const value = name === "tab" && tab === FIRST_TAB ? null : address[name];
    if (value) parts.push(`${name}=${encodeURIComponent(value).replaceAll("%2F", "/")}`);
  }
  return parts.length > 0 ? `#${parts.join("&")}` : "";
}

/** The target of a link to a place, in the zone that the page is written in. */
export const hrefTo = (address) => writeAddress({ zone: readAddress().zone, ...address }) || "#journeys";

/** Shows another address without a step in the history (`replace`) or with one. */
export function showAddress(address, { replace = false } = {}) {
  const target = location.pathname + location.search + writeAddress(address);
  if (replace) history.replaceState(null, "", target);
  else history.pushState(null, "", target);
}
