import { createBeginnings } from "./secret-beginnings.ts";
import { createSecretSearch } from "./secret-search.ts";
import type { SecretSearch } from "./secret-search.ts";

/** No form is shorter, and a beginning of this length is taken for the secret itself. */
export const MIN_SECRET_LENGTH = 8;

export interface SecretRange {
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
  /** What replaces the form that begins like this; undefined when none does. */
  markerOf(beginning: string): string | undefined;
}

/** `markers` names, for each spelling, what replaces it. */
export function createSecretMatcher(markers: ReadonlyMap<string, string>): SecretMatcher {
  const forms = [...markers.keys()];
  const search = createSecretSearch(forms);
  const beginnings = createBeginnings(forms);

  return {
    ranges: (text, covered) => findRanges(search, markers, text, covered),
    pendingFrom: (text) => beginnings.pendingFrom(text),
    markerOf(beginning) {
      const form = beginnings.formOf(beginning);
      return form === undefined ? undefined : markers.get(form);
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
