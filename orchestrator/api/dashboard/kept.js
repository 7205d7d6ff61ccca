// An answer that is read again only when it is old: for what changes slowly, on a page that asks every two seconds.

export class Kept {
  #read;
  #ageMs;
  #readAt = -Infinity;
  #answer = null;

  constructor(read, ageMs) {
    this.#read = read;
    this.#ageMs = ageMs;
  }

  async value() {
    if (performance.now() - this.#readAt < this.#ageMs) return this.#answer;
    this.#answer = await this.#read();
    this.#readAt = performance.now();
    return this.#answer;
  }

  /** The next time it is read in any case. */
  forget() {
    this.#readAt = -Infinity;
  }
}
