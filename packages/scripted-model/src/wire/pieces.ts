const FEW = 8;
const SHORTEST = 4;
const LONGEST = 16_384;

/** Always several where the text allows it, and never through the middle of a character. */
export function cutIntoPieces(text: string, rhythm: { chars: number } | undefined): string[] {
  const size = Math.max(
    1,
    rhythm?.chars ?? Math.min(LONGEST, Math.max(SHORTEST, Math.ceil(text.length / FEW))),
  );
  const pieces: string[] = [];
  for (let from = 0; from < text.length;) {
    const to = from + size + (splitsCharacter(text, from + size) ? 1 : 0);
    pieces.push(text.slice(from, to));
    from = to;
  }
  return pieces;
}

function splitsCharacter(text: string, at: number): boolean {
  const before = text.charCodeAt(at - 1);
  return at < text.length && before >= 0xd800 && before <= 0xdbff;
}
