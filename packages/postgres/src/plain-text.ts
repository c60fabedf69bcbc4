/** What Postgres cannot hold is in no row, so nothing is found by it either. */
export function plainText(text: string): string {
  return text.replaceAll("\0", "").toWellFormed();
}
