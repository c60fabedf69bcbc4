import { BLOCK, SLOTS, slotOf } from "./secret-search.ts";

/** Knows how the forms begin, for a text that may end in the middle of one. */
export interface Beginnings {
  /** Where the longest end of `text` begins that a longer form begins with; the length of `text` when there is none. */
  pendingFrom(text: string): number;
  /** A longer form that begins with this. */
  formOf(beginning: string): string | undefined;
}

/** Two tables say of almost every text at once that it ends in no form: asked for each event, it must cost nothing. */
export function createBeginnings(forms: readonly string[]): Beginnings {
  const longest = Math.max(...forms.map((form) => form.length));
  const byFirst = Map.groupBy(forms, (form) => form.charCodeAt(0));
  const begins = new Uint8Array(SLOTS);
  const inside = new Uint8Array(SLOTS);
  for (const form of forms) {
    begins[form.charCodeAt(0)] = 1;
    for (let end = BLOCK - 1; end < form.length; end += 1) inside[slotOf(form, end)] = 1;
  }

  const formOf = (tail: string): string | undefined =>
    byFirst.get(tail.charCodeAt(0))?.find((form) => form.length > tail.length && form.startsWith(tail));

  return {
    formOf,
    pendingFrom(text) {
      const isInside = text.length >= BLOCK && inside[slotOf(text, text.length - 1)] === 1;
      // Of a text that ends with three characters of no form, only one or two can begin one.
      const longestTail = isInside ? longest - 1 : BLOCK - 1;
      for (let at = Math.max(0, text.length - longestTail); at < text.length; at += 1)
        if (begins[text.charCodeAt(at)] === 1 && formOf(text.slice(at)) !== undefined) return at;
      return text.length;
    },
  };
}
