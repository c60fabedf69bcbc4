/** A stretch of text, or one character, however often in a row, that would lie about the text around it. */
export type Run = { kind: "plain"; text: string } | { kind: "odd"; name: string };

/**
 * Controls, zero-width and bidirectional characters, tags, and halves of surrogate pairs: invisible, or able to make
 * text read as something else. Joiners stay where emoji and scripts need them: between letters or pictures.
 */
const ODD =
  /((?<![\p{L}\p{M}\p{Extended_Pictographic}\u{1F3FB}-\u{1F3FF}]|\uFE0F)(?:\u200C|\u200D)|(?:\u200C|\u200D)(?![\p{L}\p{Extended_Pictographic}])|[\x00-\x08\x0B-\x1F\x7F-\x9F\u00AD\u061C\u115F\u1160\u180E\u200B\u200E\u200F\u2028-\u202E\u2060-\u206F\u3164\uFEFF\uFFA0\uFFF9-\uFFFB\u{E0000}-\u{E0FFF}]|\u034F|\u17B4|\u17B5|\p{Cs})\1*/gu;

/** Each odd one is drawn as an element: ten thousand on a line take Chromium three seconds, a long text half of one. */
export const MOST_RUNS = 4000;

/** Makes what cannot be seen visible. Plain text, which nearly all of it is, stays one run. */
export function runsOf(text: string): Run[] {
  const runs: Run[] = [];
  let from = 0;
  for (const { 0: all, 1: one = all, index } of text.matchAll(ODD)) {
    if (runs.length >= MOST_RUNS) return [...runs, { kind: "plain", text: visible(text.slice(from)) }];
    if (index > from) runs.push({ kind: "plain", text: text.slice(from, index) });
    runs.push({ kind: "odd", name: nameOf(all, one) });
    from = index + all.length;
  }
  if (from < text.length) runs.push({ kind: "plain", text: text.slice(from) });
  return runs;
}

/** The same as one string, for titles and other places that hold no elements. */
export function visible(text: string): string {
  return text.replace(ODD, (all: string, one: string) => `‹${nameOf(all, one)}›`);
}

function nameOf(all: string, one: string): string {
  const code = one.codePointAt(0) ?? 0;
  const times = all.length / one.length;
  return `U+${code.toString(16).toUpperCase().padStart(4, "0")}${times > 1 ? ` ×${times}` : ""}`;
}
