import { honestTitle, isHonestControl, isHonestEscape } from "./honest-sequence.ts";
import { WholeText } from "./whole-text.ts";

const ENQ = 0x05;
const BEL = 0x07;
const CAN = 0x18;
const SUB = 0x1a;
const ESC = 0x1b;
const DEL = 0x7f;
const CSI = 0x5b;
const OSC = 0x5d;
const BACKSLASH = 0x5c;
/** OSC, DCS, SOS, PM and APC run to a terminator. */
const STRINGS = new Set([OSC, 0x50, 0x58, 0x5e, 0x5f]);
/** Longer than any honest one. */
const LONGEST = 4096;

type State = "text" | "escape" | "control" | "title" | "string";

/**
 * What a sandbox writes to a person's own terminal, without what acts on the person's side: strings (OSC 52 is the
 * clipboard, others open links) except titles, and everything a terminal would answer by typing. A sequence is held
 * until it is whole and only passes as one that is known, without what a terminal would skip or obey inside of it: so
 * ours is never in another state than the terminal, which is between two sequences after each one.
 */
export class HarmlessOutput {
  #state: State = "text";
  #held: number[] = [];
  /** In a string, after an ESC that may end it. */
  #isEnding = false;
  readonly #text = new WholeText();

  push(bytes: Uint8Array): Uint8Array {
    const out: number[] = [];
    for (const byte of bytes) this.#take(byte, out);
    return Uint8Array.from(out);
  }

  #take(byte: number, out: number[]): void {
    if (this.#state === "text") return this.#takeText(byte, out);
    if (byte === CAN || byte === SUB) return this.#to("text");
    if (this.#state === "title" || this.#state === "string") return this.#takeString(byte, out);
    if (byte === ESC) return this.#to("escape");
    if (byte < 0x20 || byte === DEL) return;
    if (byte > DEL || this.#held.length >= LONGEST) {
      this.#to("text");
      return this.#takeText(byte, out);
    }
    this.#held.push(byte);
    if (this.#state === "control") this.#takeControl(byte, out);
    else this.#takeEscape(byte, out);
  }

  #takeText(byte: number, out: number[]): void {
    if (this.#text.take(byte, out)) return;
    if (byte === ESC) this.#to("escape");
    else if (byte !== ENQ) out.push(byte);
  }

  #takeEscape(byte: number, out: number[]): void {
    if (byte < 0x30) return;
    const isFirst = this.#held.length === 1;
    if (isFirst && byte === CSI) return this.#to("control");
    if (isFirst && STRINGS.has(byte)) return this.#to(byte === OSC ? "title" : "string");
    const text = String.fromCharCode(...this.#held);
    if (isHonestEscape(text)) out.push(ESC, ...this.#held);
    this.#to("text");
  }

  #takeControl(byte: number, out: number[]): void {
    if (byte < 0x40) return;
    const text = String.fromCharCode(...this.#held);
    if (isHonestControl(text)) out.push(ESC, CSI, ...this.#held);
    this.#to("text");
  }

  #takeString(byte: number, out: number[]): void {
    if (this.#isEnding && byte !== BACKSLASH) {
      // An ESC ends any string, and what follows is another sequence.
      this.#to("escape");
      return this.#take(byte, out);
    }
    if (byte === ESC) this.#isEnding = true;
    else if (this.#isEnding || (byte === BEL && this.#state === "title")) this.#endString(out);
    else if (this.#state === "title" && byte >= 0x20 && this.#held.length <= LONGEST) this.#held.push(byte);
  }

  #endString(out: number[]): void {
    const isTitle = this.#state === "title" && this.#held.length <= LONGEST;
    const title = isTitle ? honestTitle(Uint8Array.from(this.#held)) : null;
    if (title !== null) out.push(ESC, OSC, ...Buffer.from(title), BEL);
    this.#to("text");
  }

  #to(state: State): void {
    this.#state = state;
    this.#held = [];
    this.#isEnding = false;
  }
}
