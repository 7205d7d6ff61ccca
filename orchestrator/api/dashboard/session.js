// Who is signed in: the API key, kept for this tab only.

import { readAddress, showAddress } from "/dashboard/address.js";

const STORED = "orchestrator.key";

/** Takes a key out of a sign-in link and clears it from the address at once, so it is neither kept nor passed on. */
export function acceptLink() {
  const { key, ...rest } = readAddress();
  if (key === null) return;
  showAddress(rest, { replace: true });
  rememberKey(key);
}

export const currentKey = () => sessionStorage.getItem(STORED);
export const rememberKey = (key) => sessionStorage.setItem(STORED, key.trim());
export const forgetKey = () => sessionStorage.removeItem(STORED);
