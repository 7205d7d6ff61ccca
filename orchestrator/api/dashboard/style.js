// Style sheets of parts that are opened seldom: loaded when they are.

import { element } from "/dashboard/element.js";

const loaded = new Map(); // address → when it is there

/** Resolves when the style sheet is in force. */
export function loadStyle(address) {
  if (!loaded.has(address)) {
    const ready = new Promise((resolve, reject) => {
      const failed = () => {
        loaded.delete(address);
        reject(new Error(`${address} could not be loaded`));
      };
      document.head.append(element("link", { rel: "stylesheet", href: address, load: () => resolve(), error: failed }));
    });
    loaded.set(address, ready);
  }
  return loaded.get(address);
}
