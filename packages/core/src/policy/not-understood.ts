/** A part of a shell line whose meaning cannot be told from the line alone. */
export class NotUnderstood extends Error {
  constructor(why: string) {
    super(why);
    this.name = "NotUnderstood";
  }
}

const SHOWN_CHARS = 200;

export function shown(text: string): string {
  const line = text.replaceAll(/\s+/g, " ").trim();
  return line.length <= SHOWN_CHARS ? `"${line}"` : `"${line.slice(0, SHOWN_CHARS).toWellFormed()}…"`;
}
