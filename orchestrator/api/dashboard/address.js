// The page's address: everything after "#" is ours, and never reaches a server.

/** What the fragment says: {key?, journey?, period?}. */
export function readAddress(fragment = location.hash) {
  const fields = new URLSearchParams(fragment.replace(/^#/, ""));
  return { key: fields.get("key"), journey: fields.get("journey"), period: fields.get("period") };
}

/** "#journey=…&period=90"; empty for the list of journeys. */
export function writeAddress({ journey, period } = {}) {
  const fields = new URLSearchParams();
  if (journey) fields.set("journey", journey);
  if (period) fields.set("period", period);
  const text = fields.toString();
  return text ? `#${text}` : "";
}

/** Shows another address without a step in the history (`replace`) or with one. */
export function showAddress(address, { replace = false } = {}) {
  const target = location.pathname + location.search + writeAddress(address);
  if (replace) history.replaceState(null, "", target);
  else history.pushState(null, "", target);
}
