import { stripVTControlCharacters } from "node:util";

/**
 * Text of an agent as it may reach a terminal. The agent is untrusted: escape sequences could retitle,
 * clear or type into the terminal, and direction marks could make a line read as another one.
 */
export function plain(text: string): string {
  return stripVTControlCharacters(text)
    .replace(/\r\n|[\u2028\u2029]/g, "\n")
    .replace(/[^\n]*\r/g, "")
    .replace(/\t/g, "    ")
    .replace(/[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/g, "");
}

export function oneLine(text: string): string {
  return plain(text).replace(/\s+/g, " ").trim();
}

let segmenter: Intl.Segmenter | undefined;
const WIDE =
  /^(?:\p{Emoji_Presentation}|.\ufe0f|[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|[\u{20000}-\u{3fffd}])/u;

function graphemes(text: string): string[] {
  segmenter ??= new Intl.Segmenter();
  return Array.from(segmenter.segment(text), ({ segment }) => segment);
}

const columnsOf = (grapheme: string): number => (WIDE.test(grapheme) ? 2 : 1);

/** Columns a terminal needs for a line without escape sequences. */
export function columns(line: string): number {
  if (/^[\x20-\x7e]*$/.test(line)) return line.length;
  return graphemes(line).reduce((sum, grapheme) => sum + columnsOf(grapheme), 0);
}

export function truncate(line: string, width: number): string {
  if (columns(line) <= width) return line;
  let kept = "";
  let used = 0;
  for (const grapheme of graphemes(line)) {
    used += columnsOf(grapheme);
    if (used > width - 1) break;
    kept += grapheme;
  }
  return width < 1 ? "" : `${kept.trimEnd()}…`;
}

export function padEnd(line: string, width: number): string {
  return line + " ".repeat(Math.max(0, width - columns(line)));
}

/** Breaks only lines that are too long, at blanks where there are some, and keeps their indentation. */
export function wrap(text: string, width: number): string[] {
  return text.split("\n").flatMap((line) => (columns(line) <= width ? [line] : wrapLine(line, width)));
}

function wrapLine(line: string, width: number): string[] {
  const indent = /^\s*/.exec(line)?.[0].slice(0, Math.floor(width / 2)) ?? "";
  const lines: string[] = [];
  let current = indent;
  for (const word of line
    .trim()
    .split(/\s+/)
    .flatMap((part) => chop(part, width - indent.length))) {
    const joined = current === indent ? indent + word : `${current} ${word}`;
    if (columns(joined) <= width) {
      current = joined;
      continue;
    }
    lines.push(current);
    current = indent + word;
  }
  lines.push(current);
  return lines;
}

/** A word wider than the line is cut; most are narrower and stay whole. */
function chop(word: string, width: number): string[] {
  if (columns(word) <= width) return [word];
  const pieces: string[] = [];
  let piece = "";
  let used = 0;
  for (const grapheme of graphemes(word)) {
    if (used + columnsOf(grapheme) > width && piece !== "") {
      pieces.push(piece);
      piece = "";
      used = 0;
    }
    piece += grapheme;
    used += columnsOf(grapheme);
  }
  return [...pieces, piece];
}
