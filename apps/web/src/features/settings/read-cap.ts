const MOST_USD = 1_000_000;

/** Dollars as a person writes them; nothing is no cap. */
export function readCap(
  text: string,
): { usd: number | null; problem?: undefined } | { usd?: undefined; problem: string } {
  const words = text.trim().replace(/^\$/, "").replaceAll(",", "");
  if (words === "") return { usd: null };
  const usd = Number(words);
  if (!Number.isFinite(usd) || usd <= 0) return { problem: "must be a sum such as 20, or empty" };
  if (usd > MOST_USD) return { problem: "must be at most 1,000,000" };
  return { usd };
}
