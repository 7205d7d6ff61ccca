// A task done again and again while somebody can see the page.

const EVERY_MS = 2_000;
const SLOWEST_MS = 30_000;

export class Poller {
  #task;
  #failed;
  #timer = null;
  #isRunning = false;
  #isAgainWanted = false;
  #failures = 0;
  #listeners = new AbortController();

  /** Does `task` at once and 2 s after each time it is done; `failed` gets what it throws, and the wait then doubles. */
  constructor(task, failed) {
    this.#task = task;
    this.#failed = failed;
    const { signal } = this.#listeners;
    document.addEventListener("visibilitychange", () => this.now(), { signal });
    addEventListener("online", () => this.now(), { signal });
    this.now();
  }

  /** Does the task now; if it is under way, once more afterwards. */
  async now() {
    if (this.#listeners.signal.aborted || document.hidden) return;
    if (this.#isRunning) {
      this.#isAgainWanted = true;
      return;
    }
    clearTimeout(this.#timer);
    this.#isRunning = true;
    this.#isAgainWanted = false;
    try {
      await this.#task();
      this.#failures = 0;
    } catch (error) {
      this.#failures += 1;
      if (!this.#listeners.signal.aborted) this.#failed(error);
    } finally {
      this.#isRunning = false;
    }
    if (this.#listeners.signal.aborted) return;
    const wait = this.#isAgainWanted ? 0 : Math.min(EVERY_MS * 2 ** this.#failures, SLOWEST_MS);
    this.#timer = setTimeout(() => this.now(), wait);
  }

  stop() {
    this.#listeners.abort();
    clearTimeout(this.#timer);
  }
}
