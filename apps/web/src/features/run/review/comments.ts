import type { DiffLine } from "../../../lib/diff.ts";

export interface LineComment {
  path: string;
  /** `old`: a line that is gone. */
  side: "old" | "new";
  line: number;
  /** What stands there, so that the agent finds it after the lines have moved. */
  code: string;
  text: string;
}

export type Spot = Pick<LineComment, "path" | "side" | "line">;

const MOST_CODE = 300;

export function spotOf(path: string, { kind, old, new: fresh }: DiffLine): Spot | null {
  if (kind === "removed" && old !== null) return { path, side: "old", line: old };
  if ((kind === "added" || kind === "context") && fresh !== null) return { path, side: "new", line: fresh };
  return null;
}

export function isAt(comment: Spot, spot: Spot): boolean {
  return comment.path === spot.path && comment.side === spot.side && comment.line === spot.line;
}

/** One comment a line: a second one replaces the first, an empty one takes it away. */
export function withComment(comments: readonly LineComment[], added: LineComment): LineComment[] {
  const others = comments.filter((comment) => !isAt(comment, added));
  return added.text.trim() === "" ? others : [...others, { ...added, text: added.text.trim() }];
}

/** What the agent reads, in the order of the files. */
export function instructionOf(comments: readonly LineComment[]): string {
  const sorted = comments.toSorted((a, b) => a.path.localeCompare(b.path) || a.line - b.line);
  const parts = sorted.map(({ path, side, line, code, text }) => {
    const where = side === "old" ? `${path}, line ${line} before your change` : `${path}, line ${line}`;
    const quoted = code.trim() === "" ? "" : `\n    ${code.trim().slice(0, MOST_CODE)}`;
    return `${where}:${quoted}\n${text}`;
  });
  return ["Go on with these comments on your changes.", ...parts].join("\n\n");
}
