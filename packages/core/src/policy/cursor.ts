/** A place in a text. Patterns given to it must be sticky, so that nothing is copied on the way. */
export class Cursor {
  readonly text: string;
  at = 0;

  constructor(text: string) {
    this.text = text;
  }

  get atEnd(): boolean {
    return this.at >= this.text.length;
  }

  /** Empty past the end. */
  peek(ahead = 0): string {
    return this.text[this.at + ahead] ?? "";
  }

  take(count = 1): string {
    const taken = this.text.slice(this.at, this.at + count);
    this.at += count;
    return taken;
  }

  startsWith(what: string): boolean {
    return this.text.startsWith(what, this.at);
  }

  /** What the pattern matches here, without taking it. */
  look(sticky: RegExp): string | null {
    sticky.lastIndex = this.at;
    return sticky.exec(this.text)?.[0] ?? null;
  }

  /** Takes what the pattern matches here. */
  match(sticky: RegExp): string | null {
    const found = this.look(sticky);
    if (found !== null) this.at += found.length;
    return found;
  }

  /** Takes everything before the next `mark`, and the mark; null when there is none. */
  until(mark: string): string | null {
    const end = this.text.indexOf(mark, this.at);
    if (end < 0) return null;
    const taken = this.text.slice(this.at, end);
    this.at = end + mark.length;
    return taken;
  }
}
