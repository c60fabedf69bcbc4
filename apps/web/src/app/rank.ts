/** What contains the words, in the order given: beginnings of words before their middles. */
export function ranked<T extends { label: string }>(items: readonly T[], query: string): T[] {
  const words = query
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== "");
  const scored = items.map((item) => ({ item, score: scoreOf(item.label.toLowerCase(), words) }));
  return scored
    .filter(({ score }) => score > 0)
    .toSorted((a, b) => b.score - a.score)
    .map(({ item }) => item);
}

function scoreOf(label: string, words: readonly string[]): number {
  let score = 1;
  for (const word of words) {
    const at = label.indexOf(word);
    if (at === -1) return 0;
    score += at === 0 ? 3 : /\W/.test(label[at - 1] ?? "") ? 2 : 1;
  }
  return score;
}
