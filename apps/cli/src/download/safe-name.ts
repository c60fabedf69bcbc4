const RESERVED = /^(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)/i;
const MAX_PART_BYTES = 200;

/** A name chosen in a sandbox as a relative path for this disk: always below the folder it is put into. */
export function safePath(name: string): string {
  const parts = name
    .split(/[/\\]/)
    .map(safePart)
    .filter((part) => part !== "");
  return parts.length === 0 ? "artifact" : parts.join("/");
}

/** Nothing a shell, a terminal or another system would read as more than a name; never hidden or an option. */
function safePart(part: string): string {
  const plain = part
    .normalize("NFC")
    .toWellFormed()
    .replace(/[\p{Cc}\p{Cf}\u2028\u2029<>:"|?*]/gu, "_")
    .replace(/^[.\s-]+|[.\s]+$/gu, "");
  const named = RESERVED.test(plain) ? `_${plain}` : plain;
  return cutToBytes(named, MAX_PART_BYTES);
}

/** Keeps the end, which says what kind of file it is. */
function cutToBytes(text: string, most: number): string {
  if (Buffer.byteLength(text) <= most) return text;
  const letters = Array.from(text);
  while (Buffer.byteLength(letters.join("")) > most) letters.splice(Math.floor(letters.length / 2), 1);
  return letters.join("");
}
