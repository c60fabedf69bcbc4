import type { Style } from "./style.ts";
import { columns, oneLine, padEnd, truncate, wrap } from "./text.ts";

/** How a line may look: colours or none, and how many columns there are. */
export interface Look {
  style: Style;
  width: number;
}

interface Row {
  mark: string;
  text: string;
  /** Facts behind the text: never cut. */
  meta?: string;
  paint?: (text: string) => string;
  /** Done by a sub-agent. */
  nested?: boolean;
}

const MARK_COLUMNS = 7;
const NARROWEST_TEXT = 12;
const WIDEST_SENTENCE = 100;
/** Without a terminal nothing is cut for looks, only what would be a page in one line. */
const LONGEST_TEXT = 1000;

/** `  $      npm test  exit 1 · 2.3s`: one line, whatever the text. */
export function row(
  { style, width }: Look,
  { mark, text, meta = "", paint = same, nested = false }: Row,
): string {
  const indent = indentOf(nested);
  const room = Math.min(width - indent.length - MARK_COLUMNS, LONGEST_TEXT);
  const forMeta = meta === "" ? 0 : columns(meta) + 2;
  // In a narrow window the text says more than the facts behind it.
  const shownMeta = room - forMeta < NARROWEST_TEXT ? "" : meta;
  const body = truncate(oneLine(text), Math.max(NARROWEST_TEXT, shownMeta === "" ? room : room - forMeta));
  const tail = shownMeta === "" ? "" : `  ${style.dim(shownMeta)}`;
  return `${indent}${paint(padEnd(mark, MARK_COLUMNS))}${body}${tail}`.trimEnd();
}

/** As `row`, for what must be read to its end: as many lines as it takes. */
export function sentence(
  { width }: Look,
  { mark, text, paint = same, nested = false }: Omit<Row, "meta">,
): string[] {
  const indent = indentOf(nested);
  const room = Math.max(NARROWEST_TEXT, Math.min(width, WIDEST_SENTENCE) - indent.length - MARK_COLUMNS);
  const lines = wrap(oneLine(text), Number.isFinite(width) ? room : Infinity);
  return lines.map((line, index) =>
    `${indent}${paint(padEnd(index === 0 ? mark : "", MARK_COLUMNS))}${line}`.trimEnd(),
  );
}

const indentOf = (nested: boolean): string => (nested ? "    " : "  ");
const same = (text: string): string => text;

/** Lines under a row, such as the end of what a command printed. */
export function quoted({ style, width }: Look, lines: readonly string[], nested = false): string[] {
  const indent = indentOf(nested) + " ".repeat(MARK_COLUMNS);
  return lines.map((line) =>
    style.dim(`${indent}${truncate(line, Math.max(10, Math.min(width - indent.length, LONGEST_TEXT)))}`),
  );
}

export const joined = (...parts: (string | null | undefined)[]): string =>
  parts.filter((part) => part !== null && part !== undefined && part !== "").join(" · ");
