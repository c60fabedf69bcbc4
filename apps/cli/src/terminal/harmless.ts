const ESC = 0x1b;
const BEL = 0x07;
const CAN = 0x18;
const SUB = 0x1a;
const MOST_HELD = 4096;

/** Sequences that run to a terminator: OSC, DCS, SOS, PM and APC. */
const STRINGS = new Set([0x5d, 0x50, 0x58, 0x5e, 0x5f]);

/**
 * What a sandbox writes to a person's own terminal, without what acts on the person's side: strings (OSC 52 is the
 * clipboard, others set titles and open links) except titles, and questions the terminal would answer by typing.
 * A string is held until its end, and dropped when it is longer than any honest one.
 */
export class HarmlessOutput {
  #held: number[] = [];
  #dropping = false;

  push(bytes: Uint8Array): Uint8Array {
    const out: number[] = [];
    for (const byte of bytes) this.#take(byte, out);
    return Uint8Array.from(out);
  }

  /** What was begun and never ended, at the end. */
  end(): Uint8Array {
    this.#held = [];
    this.#dropping = false;
    return new Uint8Array(0);
  }

  #take(byte: number, out: number[]): void {
    const held = this.#held;
    if (held.length === 0) {
      if (byte === ESC) held.push(byte);
      else if (byte === ENQ) return;
      else out.push(byte);
      return;
    }
    if (byte === CAN || byte === SUB) return this.#finish(out, false);
    if (!this.#dropping) held.push(byte);
    const kind = held[1];
    if (kind === undefined) return;
    if (STRINGS.has(kind)) return this.#inString(byte, out);
    if (kind === CSI) return this.#inControl(byte, out);
    if (kind === ESC) held.splice(0, held.length, ESC);
    // ESC, intermediates, a final byte; ESC Z asks who is there.
    else if (byte < 0x20 || byte >= 0x30) this.#finish(out, byte !== IDENTIFY);
  }

  #inString(byte: number, out: number[]): void {
    const held = this.#held;
    if (held.length > MOST_HELD) {
      this.#dropping = true;
      held.length = 2;
    }
    const ended = byte === BEL || (byte === BACKSLASH && this.#beforeWasEscape);
    this.#beforeWasEscape = byte === ESC;
    if (!ended) return;
    this.#finish(out, !this.#dropping && isTitle(held));
  }

  #beforeWasEscape = false;

  #inControl(byte: number, out: number[]): void {
    const held = this.#held;
    if (held.length === 2) return;
    if (byte === ESC) return void held.splice(0, held.length, ESC);
    if (byte >= 0x40 && byte <= 0x7e) return this.#finish(out, !isQuestion(held));
    if (held.length > MOST_HELD) this.#finish(out, false);
  }

  #finish(out: number[], shown: boolean): void {
    if (shown) for (const byte of this.#held) out.push(byte);
    this.#held = [];
    this.#dropping = false;
    this.#beforeWasEscape = false;
  }
}

const ENQ = 0x05;
const CSI = 0x5b;
const BACKSLASH = 0x5c;
const IDENTIFY = 0x5a;

/** OSC 0, 1 and 2: every shell sets them at its prompt. */
function isTitle(held: readonly number[]): boolean {
  const [, kind, number, semicolon] = held;
  return kind === 0x5d && number !== undefined && number >= 0x30 && number <= 0x32 && semicolon === 0x3b;
}

/** Device attributes (c), status and cursor reports (n), modes ($p), titles and sizes (t 11 to 21), parameters (x). */
function isQuestion(held: readonly number[]): boolean {
  const text = String.fromCharCode(...held.slice(2));
  if (/[cnx]$/.test(text) || /\$[pwu]$/.test(text) || /^>[0-9;]*q$/.test(text)) return true;
  return /^(?:1[1-9]|2[01])(?:;[0-9;]*)?t$/.test(text);
}
