// Unsaved text, kept in this tab so that a reload or a step to another page loses nothing.

const PREFIX = "orchestrator.editing.";

export class Kept {
  #name;

  /** Of one journey (null: a new one) in one workspace, or of its "settings". */
  constructor(workspaceId, what) {
    this.#name = `${PREFIX}${workspaceId}.${what ?? "new"}`;
  }

  /** What was written, with `at`, the moment; or null. */
  read() {
    const kept = sessionStorage.getItem(this.#name);
    return kept === null ? null : JSON.parse(kept);
  }

  write(state) {
    sessionStorage.setItem(this.#name, JSON.stringify({ ...state, at: new Date().toISOString() }));
  }

  forget() {
    sessionStorage.removeItem(this.#name);
  }
}
