// Nobody leaves unsaved changes behind without being asked.

import { confirmed } from "/dashboard/confirmation.js";

/** What leads away from the editor: links, the tabs that are not open, and the way out. */
const AWAY = 'a[href], [role=tab]:not([aria-selected="true"]), #sign-out';

export class LeaveGuard {
  #isDirty;
  #isAllowed = false;
  #listeners = new AbortController();

  /** Guards while `isDirty()`. */
  constructor(isDirty) {
    this.#isDirty = isDirty;
    const { signal } = this.#listeners;
    addEventListener("beforeunload", (event) => this.#isDirty() && event.preventDefault(), { signal });
    document.addEventListener("click", (event) => this.#stop(event), { capture: true, signal });
  }

  /** Asks, if there is something to lose; true when the reader may go. */
  async mayLeave() {
    if (!this.#isDirty()) return true;
    const text = "Your changes are not saved. They stay in this browser tab until you close it: come back here to go on with them.";
    return (await confirmed({ title: "Leave without saving?", text, verb: "Leave", no: "Stay" })) !== null;
  }

  destroy() {
    this.#listeners.abort();
  }

  async #stop(event) {
    if (this.#isAllowed || !this.#isDirty()) return;
    const away = event.target.closest?.(AWAY);
    if (!away || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    if (!(await this.mayLeave())) return;
    this.#isAllowed = true;
    away.click();
    this.#isAllowed = false;
  }
}
