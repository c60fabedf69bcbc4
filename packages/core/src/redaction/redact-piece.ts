import { MIN_SECRET_LENGTH } from "./secret-matcher.ts";
import type { SecretMatcher, SecretRange } from "./secret-matcher.ts";

/** What a text ended with, as far as more of it could make a secret of that. */
export interface Before {
  /** As it came, unredacted; several when it is not certain what stands between two pieces. */
  readonly tails: readonly string[];
  /** Whether the last character was hidden, so that its marker is out. */
  readonly isHidden: boolean;
}

export const NOTHING_BEFORE: Before = { tails: [], isHidden: false };

/** `joints`: what may stand between the pieces before and this one. */
export type PieceRedaction = (
  text: string,
  before: Before,
  joints: readonly string[],
) => { shown: string; after: Before };

/** Pieces of one character could tell ever more ways to join them apart; the longest are the ones that matter. */
const MAX_TAILS = 4;

/**
 * Redacts a piece of a text without keeping any of it back. What was shown cannot be taken back, so at least the end
 * of every secret is hidden: a piece's end that begins like a secret for 8 characters or more is hidden although the
 * rest may never come, and so is the rest. At most 7 characters of a secret that is cut are ever shown.
 */
export function redactPiece(
  matcher: SecretMatcher,
  text: string,
  before: Before,
  joints: readonly string[],
): ReturnType<PieceRedaction> {
  if (before.tails.length === 0 && isHarmless(matcher, text)) return { shown: text, after: NOTHING_BEFORE };
  const leads = leadsOf(matcher, before.tails, joints);
  const ranges: SecretRange[] = [];
  const tails = new Set<string>();
  for (const lead of leads) {
    const whole = lead + text;
    const pendingFrom = matcher.pendingFrom(whole);
    const found = matcher.ranges(whole, 0);
    const pending = hiddenTail(matcher, whole, pendingFrom);
    for (const range of pending === undefined ? found : [...found, pending])
      if (range.end > lead.length)
        ranges.push({ ...range, start: range.start - lead.length, end: range.end - lead.length });
    if (pendingFrom < whole.length) tails.add(whole.slice(pendingFrom));
  }
  const { shown, end } = hide(text, ranges, before.isHidden);
  const isHidden = text === "" ? before.isHidden : end === text.length;
  return { shown, after: tails.size === 0 ? NOTHING_BEFORE : { tails: [...tails], isHidden } };
}

function isHarmless(matcher: SecretMatcher, text: string): boolean {
  return matcher.pendingFrom(text) === text.length && matcher.ranges(text, 0).length === 0;
}

/** Every way the text before may lead into this piece; nothing before it is one of them. */
function leadsOf(matcher: SecretMatcher, tails: readonly string[], joints: readonly string[]): string[] {
  if (tails.length === 0) return [""];
  const joined = tails.flatMap((tail) => joints.map((joint) => tail + joint));
  const open = joined.map((lead) => lead.slice(matcher.pendingFrom(lead)));
  const longest = [...new Set(open)].toSorted((a, b) => b.length - a.length).slice(0, MAX_TAILS);
  return longest.length === 0 ? [""] : longest;
}

function hiddenTail(matcher: SecretMatcher, whole: string, from: number): SecretRange | undefined {
  if (whole.length - from < MIN_SECRET_LENGTH) return undefined;
  const marker = matcher.markerOf(whole.slice(from));
  return marker === undefined ? undefined : { start: from, end: whole.length, marker };
}

/** Ranges may overlap, and begin before the piece: such a one has its marker already when the last piece's end was hidden. */
function hide(
  text: string,
  ranges: readonly SecretRange[],
  wasHidden: boolean,
): { shown: string; end: number } {
  let shown = "";
  let end = 0;
  let isFirst = true;
  for (const range of ranges.toSorted((a, b) => a.start - b.start)) {
    const goesOn = isFirst ? range.start < 0 && wasHidden : range.start < end;
    if (range.start > end) shown += text.slice(end, range.start);
    if (!goesOn) shown += range.marker;
    end = Math.max(end, range.end);
    isFirst = false;
  }
  return { shown: shown + text.slice(end), end };
}
