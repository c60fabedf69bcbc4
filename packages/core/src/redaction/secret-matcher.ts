import { createSecretSearch } from "./secret-search.ts";
import type { SecretSearch } from "./secret-search.ts";

interface SecretRange {
  start: number;
  end: number;
  /** What stands in the output in its place. */
  marker: string;
}

export interface SecretMatcher {
  /**
   * Ranges of `text` to hide, in order. Matches that overlap are one range. The first `covered`
   * characters belong to a range that began earlier.
   */
  ranges(text: string, covered: number): SecretRange[];
  /** Where the earliest match that more text could complete begins; the length of `text` when none can. */
  pendingFrom(text: string): number;
}

/** `markers` names, for each spelling, what replaces it. */
export function createSecretMatcher(markers: ReadonlyMap<string, string>): SecretMatcher {
  const forms = [...markers.keys()];
  const search = createSecretSearch(forms);
  const longest = Math.max(...forms.map((form) => form.length));
  const byFirst = Map.groupBy(forms, (form) => form.charCodeAt(0));

  return {
    ranges: (text, covered) => findRanges(search, markers, text, covered),
    pendingFrom(text) {
      for (let at = Math.max(0, text.length - longest + 1); at < text.length; at += 1) {
        const candidates = byFirst.get(text.charCodeAt(at));
        if (candidates === undefined) continue;
        const tail = text.slice(at);
        if (candidates.some((form) => form.length > tail.length && form.startsWith(tail))) return at;
      }
      return text.length;
    },
  };
}

function findRanges(
  search: SecretSearch,
  markers: ReadonlyMap<string, string>,
  text: string,
  covered: number,
): SecretRange[] {
  let last: SecretRange = { start: 0, end: covered, marker: "" };
  const ranges: SecretRange[] = covered > 0 ? [last] : [];
  let found = search(text, 0);
  while (found !== null) {
    const { start, form } = found;
    if (start < last.end) last.end = Math.max(last.end, start + form.length);
    else ranges.push((last = { start, end: start + form.length, marker: markers.get(form) ?? "" }));
    // A match may begin inside this one and reach further.
    found = search(text, start + 1);
  }
  return ranges;
}
