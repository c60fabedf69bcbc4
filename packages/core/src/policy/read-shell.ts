import { Cursor } from "./cursor.ts";
import { NotUnderstood } from "./not-understood.ts";
import { readExpandable, readWord } from "./read-word.ts";
import type { Nested, ShellWord } from "./read-word.ts";

export interface SimpleCommand {
  readonly words: readonly ShellWord[];
  /** What a here-document or a here-string feeds it; null when nothing does. */
  readonly input: { readonly text: string; readonly isFixed: boolean } | null;
}

type ListEnd = "end" | ")" | "case";

interface Draft {
  words: ShellWord[];
  input: SimpleCommand["input"];
}

interface HereDocument {
  readonly delimiter: string;
  readonly isQuoted: boolean;
  readonly stripsTabs: boolean;
  readonly command: Draft;
}

/** Neither a person nor an agent writes more; each is bounded so that no line can keep us busy. */
const MAX_NESTED = 1000;
const MAX_DEPTH = 40;
/** Linux hands no longer argument to a program, so `bash -c` cannot get one either. */
const MAX_CHARS = 128 * 1024;
const MAX_CALCULATION_CHARS = 1000;

const BLANKS = /(?:[ \t\r]|\\\n|(?<![^\s;&|()<>])#[^\n]*)+/y;
const BLANK_LINES = /(?:\s|\\\n|(?<![^\s;&|()<>])#[^\n]*)+/y;
const REDIRECTION = /(?:\d+|\{\w+\})?(?:<<<|<<-|<<|<>|<&|>>|>\||>&|<(?!\()|>(?!\())|&>>?/y;
const SEPARATOR = /&&|\|\||\|&|[;&|\n]/y;
const CASE_END = /;;&|;;|;&/y;
const EMPTY_PARENTHESES = /[ \t]*\([ \t]*\)/y;
const IN = /in(?=[\s;&|)]|$)/y;
const ESAC = /esac(?=[\s;&|)<>]|$)/y;
const ASSIGNMENT = /^[A-Za-z_]\w*(?:\[[^\]]*\])?\+?=/;
/** What may stand in a calculation. Anything else is no number's business. */
const CALCULATION = /[\w\s+\-*/%<>=!&|^~?:,[\]{}.#@]+/y;
/** Words of the shell after which another command begins. */
const LEADS_ON = new Set([
  "if",
  "then",
  "elif",
  "else",
  "fi",
  "do",
  "done",
  "while",
  "until",
  "{",
  "}",
  "!",
  "time",
]);

/**
 * Every simple command in a line of shell, wherever it hides: lists, pipes, subshells, substitutions, loops,
 * functions. Written for bash, of which the other shells are near enough. Throws NotUnderstood.
 */
export function readShell(text: string): SimpleCommand[] {
  if (text.length > MAX_CHARS) throw new NotUnderstood(`The line has more than ${MAX_CHARS} characters.`);
  if (text.includes("\0")) throw new NotUnderstood("The line holds a NUL character.");
  const reader = new ShellReader();
  reader.read(text);
  return reader.commands;
}

class ShellReader implements Nested {
  readonly commands: SimpleCommand[] = [];
  #pending: HereDocument[] = [];
  #nested = 0;
  #depth = 0;

  read(text: string): void {
    const pending = this.#pending;
    this.#pending = [];
    this.inside(() => this.#list(new Cursor(text), "end"));
    if (this.#pending.length > 0) throw new NotUnderstood("A here-document (<<) is never closed.");
    this.#pending = pending;
  }

  parenthesised(cursor: Cursor): void {
    this.inside(() => this.#list(cursor, ")"));
  }

  backticked(text: string): void {
    this.read(text);
  }

  calculation(cursor: Cursor): boolean {
    const start = cursor.at;
    const known = this.commands.length;
    let isOne = false;
    this.inside(() => (isOne = this.#calculate(cursor)));
    if (isOne) return true;
    cursor.at = start;
    this.commands.length = known;
    return false;
  }

  inside(read: () => void): void {
    this.#nested += 1;
    this.#depth += 1;
    if (this.#nested > MAX_NESTED || this.#depth > MAX_DEPTH)
      throw new NotUnderstood("The line is nested too deeply.");
    read();
    this.#depth -= 1;
  }

  #calculate(cursor: Cursor): boolean {
    const end = cursor.at + MAX_CALCULATION_CHARS;
    for (let open = 0; !cursor.atEnd && cursor.at < end;) {
      if (cursor.startsWith("))") && open === 0) return cursor.take(2) !== "";
      if (cursor.peek() === ")") open -= 1;
      if (open < 0) return false;
      if (cursor.peek() === "(") open += 1;
      if ("()".includes(cursor.peek())) cursor.take();
      else if ("$`\"'".includes(cursor.peek())) {
        if (readWord(cursor, this) === null) return false;
      } else if (cursor.match(CALCULATION) === null) return false;
    }
    return false;
  }

  #list(cursor: Cursor, end: ListEnd): void {
    for (;;) {
      cursor.match(BLANKS);
      if (listEnds(cursor, end)) return;
      if (cursor.look(CASE_END) !== null || cursor.peek() === ")")
        throw new NotUnderstood(`A ${cursor.look(CASE_END) ?? ")"} stands where a command should.`);
      if (this.#separator(cursor)) continue;
      if (cursor.peek() === "(") this.#group(cursor);
      else this.#command(cursor);
    }
  }

  #separator(cursor: Cursor): boolean {
    if (cursor.look(REDIRECTION) !== null) return false;
    const taken = cursor.match(SEPARATOR);
    if (taken === "\n") this.#hereDocuments(cursor);
    return taken !== null;
  }

  #group(cursor: Cursor): void {
    if (cursor.startsWith("((")) {
      cursor.take(2);
      if (this.calculation(cursor)) return;
      cursor.at -= 2;
    }
    cursor.take();
    this.parenthesised(cursor);
  }

  #command(cursor: Cursor): void {
    const draft: Draft = { words: [], input: null };
    const start = cursor.at;
    while (this.#part(cursor, draft)) cursor.match(BLANKS);
    if (cursor.at === start) throw new NotUnderstood(`What begins with ${cursor.peek()} is no command.`);
    if (draft.words.length > 0) this.commands.push(draft);
  }

  /** One word or redirection of a command; false at its end. */
  #part(cursor: Cursor, draft: Draft): boolean {
    if (this.#redirection(cursor, draft)) return true;
    if (draft.words.length === 0 && cursor.startsWith("((")) return false;
    const word = readWord(cursor, this);
    if (word === null) return this.#isFunction(cursor, draft);
    if (draft.words.length === 0 && this.#isGrammar(cursor, word)) return true;
    if (ASSIGNMENT.test(word.text)) this.#assigned(cursor, word);
    draft.words.push(word);
    return true;
  }

  #isFunction(cursor: Cursor, { words }: Draft): boolean {
    if (cursor.peek() !== "(" || words.length === 0) return false;
    if (words.length > 1 || cursor.match(EMPTY_PARENTHESES) === null)
      throw new NotUnderstood(`A ( follows ${words.map(({ text }) => text).join(" ")}.`);
    words.length = 0;
    return true;
  }

  /** Takes what belongs to a keyword or an assignment, after which the command proper is still to come. */
  #isGrammar(cursor: Cursor, word: ShellWord): boolean {
    if (ASSIGNMENT.test(word.text)) return this.#assigned(cursor, word);
    if (!word.isPlain) return false;
    switch (word.text) {
      case "for":
      case "select":
        this.#loopHead(cursor);
        return true;
      case "case":
        this.#case(cursor);
        return true;
      case "function":
        cursor.match(BLANKS);
        readWord(cursor, this);
        cursor.match(EMPTY_PARENTHESES);
        return true;
      case "[[":
        this.#condition(cursor);
        return true;
      case "coproc":
        throw new NotUnderstood("`coproc` is not understood.");
      default:
        if (word.text === "time") cursor.match(/[ \t]+-p(?=\s)/y);
        return LEADS_ON.has(word.text);
    }
  }

  #assigned(cursor: Cursor, word: ShellWord): boolean {
    if (!word.text.endsWith("=") || cursor.peek() !== "(") return true;
    cursor.take();
    for (;;) {
      cursor.match(BLANK_LINES);
      if (cursor.peek() === ")") return cursor.take() !== "";
      if (readWord(cursor, this) === null)
        throw new NotUnderstood(`The list of ${word.text}( is never closed.`);
    }
  }

  #loopHead(cursor: Cursor): void {
    cursor.match(BLANKS);
    if (cursor.startsWith("((")) {
      cursor.take(2);
      // The three parts of its head are calculations with semicolons between them.
      while (!this.calculation(cursor)) {
        if (!this.#partOfHead(cursor)) throw new NotUnderstood("The head of a `for ((` is not understood.");
      }
      return;
    }
    readWord(cursor, this);
    cursor.match(BLANK_LINES);
    if (cursor.match(IN) === null) return;
    do cursor.match(BLANKS);
    while (readWord(cursor, this) !== null);
  }

  #partOfHead(cursor: Cursor): boolean {
    while (cursor.peek() !== ";") {
      if (cursor.match(CALCULATION) === null && readWord(cursor, this) === null) return false;
    }
    return cursor.take() !== "";
  }

  #case(cursor: Cursor): void {
    cursor.match(BLANKS);
    readWord(cursor, this);
    cursor.match(BLANK_LINES);
    if (cursor.match(IN) === null) throw new NotUnderstood("A `case` has no `in`.");
    for (;;) {
      cursor.match(BLANK_LINES);
      if (cursor.match(ESAC) !== null) return;
      this.#casePattern(cursor);
      this.inside(() => this.#list(cursor, "case"));
      cursor.match(CASE_END);
    }
  }

  #casePattern(cursor: Cursor): void {
    if (cursor.peek() === "(") cursor.take();
    for (;;) {
      cursor.match(BLANKS);
      if (readWord(cursor, this) === null)
        throw new NotUnderstood("A pattern of a `case` is not understood.");
      cursor.match(BLANKS);
      const mark = cursor.take();
      if (mark === ")") return;
      if (mark !== "|") throw new NotUnderstood("A pattern of a `case` is not understood.");
    }
  }

  #condition(cursor: Cursor): void {
    for (;;) {
      cursor.match(BLANK_LINES);
      if (cursor.atEnd) throw new NotUnderstood("A [[ is never closed.");
      const word = readWord(cursor, this);
      if (word === null) cursor.take();
      else if (word.isPlain && word.text === "]]") return;
    }
  }

  #redirection(cursor: Cursor, command: Draft): boolean {
    const operator = cursor.match(REDIRECTION)?.replace(/^(?:\d+|\{\w+\})/, "");
    if (operator === undefined) return false;
    cursor.match(BLANKS);
    const start = cursor.at;
    const target = readWord(cursor, this);
    if (target === null) throw new NotUnderstood(`A ${operator} has no target.`);
    if (operator === "<<<") command.input = target;
    if (operator === "<<" || operator === "<<-") {
      const isQuoted = /['"\\]/.test(cursor.text.slice(start, cursor.at));
      const stripsTabs = operator === "<<-";
      this.#pending.push({ delimiter: target.text, isQuoted, stripsTabs, command });
    }
    return true;
  }

  #hereDocuments(cursor: Cursor): void {
    for (const document of this.#pending.splice(0)) {
      const body = bodyOf(cursor, document);
      if (body === null) throw new NotUnderstood(`A here-document has no end: ${document.delimiter}.`);
      document.command.input = document.isQuoted
        ? { text: body, isFixed: true }
        : readExpandable(new Cursor(body), this);
    }
  }
}

/** Takes the parenthesis that ends a list, and leaves what ends a case to the case. */
function listEnds(cursor: Cursor, end: ListEnd): boolean {
  switch (end) {
    case "end":
      return cursor.atEnd;
    case ")":
      if (cursor.atEnd) throw new NotUnderstood("A ( is never closed.");
      return cursor.peek() === ")" && cursor.take() !== "";
    case "case":
      if (cursor.atEnd) throw new NotUnderstood("A `case` has no `esac`.");
      return cursor.look(CASE_END) !== null || cursor.look(ESAC) !== null;
  }
}

function bodyOf(cursor: Cursor, { delimiter, stripsTabs }: HereDocument): string | null {
  let body = "";
  while (!cursor.atEnd) {
    const line = cursor.until("\n") ?? cursor.take(cursor.text.length - cursor.at);
    const stripped = stripsTabs ? line.replace(/^\t+/, "") : line;
    if (stripped === delimiter) return body;
    body += `${stripped}\n`;
  }
  return null;
}
