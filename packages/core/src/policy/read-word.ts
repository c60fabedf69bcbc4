import type { Cursor } from "./cursor.ts";
import { NotUnderstood } from "./not-understood.ts";

export interface ShellWord {
  /** Without its quotes. What only the shell can know (`$X`, `$(…)`) stands as it was written. */
  readonly text: string;
  /** Holds nothing the shell would still change. */
  readonly isFixed: boolean;
  /** Written without any quoting: only then can it be a keyword. */
  readonly isPlain: boolean;
}

/** What is found inside words and must be read as commands. */
export interface Nested {
  /** After `$(`, `<(` or `>(`: takes everything up to its closing parenthesis. */
  parenthesised(cursor: Cursor): void;
  /** What stood between backticks. */
  backticked(text: string): void;
  /** After `((`: takes a calculation and its end; false, and nothing taken, when it is none. */
  calculation(cursor: Cursor): boolean;
  /** Refuses to go deeper than anybody means to. */
  inside(read: () => void): void;
}

const ENDS_WORD = new Set([" ", "\t", "\n", ";", "&", "|", "(", ")", "<", ">", ""]);
const VARIABLE = /\$(?:[A-Za-z_]\w*|[0-9@*#?$!-])/y;
const GLOB = new Set(["*", "?", "["]);

class WordReader {
  readonly #cursor: Cursor;
  readonly #nested: Nested;
  #text = "";
  #isFixed = true;
  #isPlain = true;
  #inBraces = false;

  constructor(cursor: Cursor, nested: Nested) {
    this.#cursor = cursor;
    this.#nested = nested;
  }

  word(): ShellWord | null {
    const start = this.#cursor.at;
    while (this.#piece());
    if (this.#cursor.at === start) return null;
    // The test program has a name that looks like a pattern.
    const isTest = this.#text === "[";
    return { text: this.#text, isFixed: this.#isFixed || isTest, isPlain: this.#isPlain };
  }

  /** The inside of double quotes, or of a here-document, up to `end` (the end of the text when empty). */
  expandable(end: string): { text: string; isFixed: boolean } {
    const cursor = this.#cursor;
    for (;;) {
      if (cursor.peek() === end) break;
      if (cursor.atEnd) throw new NotUnderstood(`A ${end} is never closed.`);
      const next = cursor.peek(1);
      if (cursor.peek() === "\\" && '$`"\\\n'.includes(next) && next !== "") {
        cursor.take();
        const escaped = cursor.take();
        this.#text += escaped === "\n" ? "" : escaped;
      } else if (!this.#expansion(true)) this.#text += cursor.take();
    }
    cursor.take(end.length);
    return { text: this.#text, isFixed: this.#isFixed };
  }

  #piece(): boolean {
    const cursor = this.#cursor;
    const next = cursor.peek();
    if ((next === "<" || next === ">") && cursor.peek(1) === "(") {
      this.#asWritten(() => {
        cursor.take(2);
        this.#nested.parenthesised(cursor);
      });
      return true;
    }
    if (ENDS_WORD.has(next)) return false;
    if (next === "\\") this.#escaped();
    else if (next === "'") this.#single();
    else if (next === '"') this.#double(1);
    else if (!this.#expansion(false)) this.#plain(next);
    return true;
  }

  #plain(next: string): void {
    const isRange = next === "." && this.#text.endsWith(".");
    if (next === "{") this.#inBraces = true;
    if (GLOB.has(next) || (this.#inBraces && (next === "," || isRange))) this.#isFixed = false;
    this.#text += this.#cursor.take();
  }

  #escaped(): void {
    this.#cursor.take();
    const next = this.#cursor.take();
    if (next === "\n") return;
    this.#isPlain = false;
    this.#text += next === "" ? "\\" : next;
  }

  #single(): void {
    this.#cursor.take();
    const inside = this.#cursor.until("'");
    if (inside === null) throw new NotUnderstood("A ' is never closed.");
    this.#isPlain = false;
    this.#text += inside;
  }

  #double(opening: number): void {
    this.#cursor.take(opening);
    const { text, isFixed } = new WordReader(this.#cursor, this.#nested).expandable('"');
    this.#isPlain = false;
    this.#isFixed &&= isFixed;
    this.#text += text;
  }

  /** A variable, a substitution, a calculation. */
  #expansion(isQuoted: boolean): boolean {
    const cursor = this.#cursor;
    if (cursor.peek() === "`") this.#asWritten(() => this.#backticks(isQuoted));
    else if (cursor.startsWith("$(")) this.#asWritten(() => this.#substitution());
    else if (cursor.startsWith("${"))
      this.#asWritten(() => this.#nested.inside(() => this.#parameter(isQuoted)));
    else if (!isQuoted && cursor.startsWith("$'")) this.#asWritten(() => this.#ansi());
    else if (!isQuoted && cursor.startsWith('$"')) this.#double(2);
    else if (cursor.look(VARIABLE) === null) return false;
    else this.#asWritten(() => void cursor.match(VARIABLE));
    return true;
  }

  #asWritten(read: () => void): void {
    const start = this.#cursor.at;
    const before = this.#text;
    read();
    this.#isFixed = false;
    this.#isPlain = false;
    this.#text = before + this.#cursor.text.slice(start, this.#cursor.at);
  }

  #substitution(): void {
    const cursor = this.#cursor;
    if (cursor.startsWith("$((")) {
      cursor.take(3);
      if (this.#nested.calculation(cursor)) return;
      cursor.at -= 1;
    } else cursor.take(2);
    this.#nested.parenthesised(cursor);
  }

  #parameter(isQuoted: boolean): void {
    const cursor = this.#cursor;
    cursor.take(2);
    while (cursor.peek() !== "}") {
      if (cursor.atEnd) throw new NotUnderstood("A ${ is never closed.");
      if (cursor.peek() === "\\") cursor.take(2);
      else if (cursor.peek() === "'" && !isQuoted) this.#single();
      else if (cursor.peek() === '"') this.#double(1);
      else if (!this.#expansion(isQuoted)) cursor.take();
    }
    cursor.take();
  }

  #ansi(): void {
    const cursor = this.#cursor;
    cursor.take(2);
    while (cursor.peek() !== "'") {
      if (cursor.atEnd) throw new NotUnderstood("A $' is never closed.");
      cursor.take(cursor.peek() === "\\" ? 2 : 1);
    }
    cursor.take();
  }

  #backticks(isQuoted: boolean): void {
    const cursor = this.#cursor;
    cursor.take();
    let inside = "";
    while (cursor.peek() !== "`") {
      if (cursor.atEnd) throw new NotUnderstood("A ` is never closed.");
      const isEscape = cursor.peek() === "\\" && `\\$\`${isQuoted ? '"' : ""}`.includes(cursor.peek(1));
      if (isEscape) cursor.take();
      inside += cursor.take();
    }
    cursor.take();
    this.#nested.backticked(inside);
  }
}

/** The word that begins here; null when none does. */
export function readWord(cursor: Cursor, nested: Nested): ShellWord | null {
  return new WordReader(cursor, nested).word();
}

/** A text in which only variables and substitutions count: the body of a here-document. */
export function readExpandable(cursor: Cursor, nested: Nested): { text: string; isFixed: boolean } {
  return new WordReader(cursor, nested).expandable("");
}
