// Reads JSON text and keeps where everything stands, so that a mistake has a line and a column, and a problem a place.

const MOST_DEPTH = 64; // as the API takes

/**
 * {value, places, problem}: `places` maps a path ("$.steps.hello.next") to its offset in the text; `problem` is null,
 * or {message, offset, line, column}. The API refuses a key that stands twice in one object, so it is a mistake here too.
 */
export function readText(text) {
  const reader = new Reader(text);
  try {
    reader.whole();
    return { value: JSON.parse(text), places: reader.places, problem: null };
  } catch (mistake) {
    if (!(mistake instanceof Mistake)) throw mistake;
    return { value: undefined, places: reader.places, problem: { message: mistake.message, ...placeOf(text, mistake.offset) } };
  }
}

export const writeText = (value) => JSON.stringify(value, null, 2);

/** {offset, line, column}, both counted from 1. */
function placeOf(text, offset) {
  const before = text.slice(0, offset);
  return { offset, line: before.split("\n").length, column: offset - before.lastIndexOf("\n") };
}

/** A path as the API writes it: ["steps", "hello", "paths", 0] is "$.steps.hello.paths[0]". */
export const pathText = (path) => path.reduce((text, part) => (typeof part === "number" ? `${text}[${part}]` : `${text}.${part}`), "$");

/** What stands at the beginning of `text` and is never part of JSON, though it looks as if; null for anything else. */
function foreignWords(text) {
  const invisible = /^[\p{Z}\p{Cf}\p{Cc}]/u.exec(text)?.[0];
  if (invisible) return `A character that one does not see stands here (U+${invisible.codePointAt(0).toString(16).toUpperCase().padStart(4, "0")}): remove it`;
  if (/^[“”„‟«»]/.test(text)) return 'This is a typographic quote: write the straight one, "';
  if (/^['‘’]/.test(text)) return "Text and names stand in double quotes";
  return /^(\/\/|\/\*|#)/.test(text) ? "JSON has no comments: remove this one" : null;
}

class Mistake extends Error {
  constructor(message, offset) {
    super(message);
    this.offset = offset;
  }
}

class Reader {
  places = new Map();
  #text;
  #at = 0;

  constructor(text) {
    this.#text = text;
  }

  whole() {
    this.#space();
    if (this.#at < this.#text.length && this.#text[this.#at] !== "{") this.#fail("The document begins with {");
    this.#value([]);
    this.#space();
    if (this.#at < this.#text.length) this.#fail("Here the document is over: remove what follows");
  }

  #value(path) {
    this.#space();
    if (path.length > MOST_DEPTH) this.#fail(`This nests deeper than ${MOST_DEPTH} levels`);
    this.places.set(pathText(path), this.#at);
    const next = this.#text[this.#at];
    if (next === "{") this.#object(path);
    else if (next === "[") this.#list(path);
    else if (next === '"') this.#string();
    else this.#word();
  }

  #object(path) {
    this.#at += 1;
    const names = new Set();
    this.#space();
    if (this.#takes("}")) return;
    for (;;) {
      this.#space();
      if (this.#text[this.#at] === "}") this.#fail("Remove the comma before this");
      if (this.#text[this.#at] !== '"') this.#fail("A name in double quotes is expected here");
      const start = this.#at;
      const name = JSON.parse(this.#string());
      if (names.has(name)) throw new Mistake(`The name “${name}” stands twice in one object: keep one`, start);
      names.add(name);
      this.#space();
      if (!this.#takes(":")) this.#fail(`A colon is expected after “${name}”`);
      this.#value([...path, name]);
      this.#space();
      if (this.#takes("}")) return;
      if (!this.#takes(",")) this.#fail("A comma or } is expected here");
    }
  }

  #list(path) {
    this.#at += 1;
    this.#space();
    if (this.#takes("]")) return;
    for (let index = 0; ; index += 1) {
      this.#space();
      if (this.#text[this.#at] === "]") this.#fail("Remove the comma before this");
      this.#value([...path, index]);
      this.#space();
      if (this.#takes("]")) return;
      if (!this.#takes(",")) this.#fail("A comma or ] is expected here");
    }
  }

  #string() {
    const start = this.#at;
    const found = this.#match(/"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y);
    if (found === null) throw new Mistake("This text does not end in a double quote, or has a character that must be escaped", start);
    return found;
  }

  #word() {
    const found = this.#match(/true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y);
    if (found === null) this.#fail(this.#at < this.#text.length ? "A value is expected here: text stands in double quotes" : "The document ends too early");
  }

  #space() {
    this.#match(/[ \t\r\n]*/y);
  }

  #takes(character) {
    if (this.#text[this.#at] !== character) return false;
    this.#at += 1;
    return true;
  }

  #match(pattern) {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text);
    if (found === null) return null;
    this.#at = pattern.lastIndex;
    return found[0];
  }

  #fail(message) {
    throw new Mistake(foreignWords(this.#text.slice(this.#at)) ?? message, this.#at);
  }
}
