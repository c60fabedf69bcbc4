import { capText } from "./cap-text.ts";

const MAX_DIFF_BYTES = 32 * 1024;

export interface Hunk {
  oldStart: number;
  oldLines: number;
  newStart: number;
  newLines: number;
  /** Each begins with " ", "+", "-" or "\". */
  lines: readonly string[];
}

export interface FileDiff {
  diff: string;
  added: number;
  removed: number;
}

export function diffOfHunks(path: string, hunks: readonly Hunk[]): FileDiff {
  const lines = hunks.flatMap((hunk) => [hunkHeader(hunk), ...hunk.lines]);
  return finish(
    [`--- a/${path}`, `+++ b/${path}`],
    lines,
    hunks.flatMap((hunk) => hunk.lines),
  );
}

export function diffOfNewFile(path: string, content: string): FileDiff {
  const endsWithNewline = content.endsWith("\n");
  const lines = content === "" ? [] : (endsWithNewline ? content.slice(0, -1) : content).split("\n");
  const body = lines.map((line) => `+${line}`);
  const header = hunkHeader({ oldStart: 0, oldLines: 0, newStart: 1, newLines: lines.length, lines: [] });
  const noNewline = lines.length > 0 && !endsWithNewline ? ["\\ No newline at end of file"] : [];
  const hunk = lines.length === 0 ? [] : [header, ...body, ...noNewline];
  return finish(["--- /dev/null", `+++ b/${path}`], hunk, body);
}

function hunkHeader({ oldStart, oldLines, newStart, newLines }: Hunk): string {
  return `@@ -${oldStart},${oldLines} +${newStart},${newLines} @@`;
}

function finish(head: readonly string[], hunkLines: readonly string[], body: readonly string[]): FileDiff {
  return {
    diff: capLines([...head, ...hunkLines]),
    added: body.filter((line) => line.startsWith("+")).length,
    removed: body.filter((line) => line.startsWith("-")).length,
  };
}

/** A cut diff ends with a line of its own, in the place where diffs say "no newline": readers pass over it. */
function capLines(lines: readonly string[]): string {
  const whole = `${lines.join("\n")}\n`;
  const kept = capText(whole, MAX_DIFF_BYTES);
  if (!kept.truncated) return whole;
  const shown = kept.text.slice(0, kept.text.lastIndexOf("\n") + 1);
  const left = lines.length - (shown.split("\n").length - 1);
  return `${shown}\\ ${left} more lines are not shown\n`;
}
