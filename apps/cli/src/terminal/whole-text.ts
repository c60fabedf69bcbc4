const REPLACEMENT = [0xef, 0xbf, 0xbd];

/**
 * Characters of UTF-8 as they become whole. What is no UTF-8 becomes what a terminal would show for it, and C1 controls
 * (U+0080 to U+009F), which some terminals obey in either form, are left out.
 */
export class WholeText {
  #held: number[] = [];
  #missing = 0;

  /** Whether the byte is part of a character outside of ASCII; if not, it is still to be taken by somebody else. */
  take(byte: number, out: number[]): boolean {
    if (this.#missing > 0) {
      if (byte >= 0x80 && byte < 0xc0) return this.#continue(byte, out);
      this.#held = [];
      this.#missing = 0;
      out.push(...REPLACEMENT);
    }
    if (byte < 0x80) return false;
    this.#missing = missingAfter(byte);
    if (this.#missing > 0) this.#held.push(byte);
    else out.push(...REPLACEMENT);
    return true;
  }

  #continue(byte: number, out: number[]): true {
    this.#held.push(byte);
    this.#missing -= 1;
    if (this.#missing > 0) return true;
    const text = Buffer.from(this.#held).toString("utf8");
    this.#held = [];
    if (!/[\u0080-\u009f]/.test(text)) out.push(...Buffer.from(text));
    return true;
  }
}

function missingAfter(first: number): number {
  if (first >= 0xc2 && first <= 0xdf) return 1;
  if (first >= 0xe0 && first <= 0xef) return 2;
  return first >= 0xf0 && first <= 0xf4 ? 3 : 0;
}
