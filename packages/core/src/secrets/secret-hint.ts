/** The end of a value, for people to tell one from another: so little that it helps nobody to guess the rest. */
export function secretHint(value: string): string {
  if (value.length >= 20) return `…${value.slice(-4)}`;
  return value.length >= 12 ? `…${value.slice(-2)}` : "…";
}
