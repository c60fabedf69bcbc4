import type { Style } from "./style.ts";
import { plain } from "./text.ts";

/** A patch for a person: coloured as git does, and unable to do anything to the terminal. */
export function renderPatch(patch: string, style: Style): string[] {
  const lines = patch.replace(/\n$/, "").split("\n");
  let inHunk = false;
  return lines.map((raw) => {
    const line = plain(raw.replace(/\r$/, ""));
    if (line.startsWith("diff --git ")) inHunk = false;
    if (line.startsWith("@@")) inHunk = true;
    return paintOf(line, inHunk, style)(line);
  });
}

function paintOf(line: string, inHunk: boolean, style: Style): (text: string) => string {
  if (!inHunk) return style.bold;
  if (line.startsWith("@@")) return style.cyan;
  if (line.startsWith("+")) return style.green;
  return line.startsWith("-") ? style.red : (text) => text;
}

export interface FileStat {
  path: string;
  /** Null: git takes it for binary. */
  added: number | null;
  removed: number | null;
}

/** Lines added and removed of each file, told from the patch alone. */
export function patchStat(patch: string): FileStat[] {
  const files: FileStat[] = [];
  let left = { old: 0, new: 0 };
  for (const line of patch.split("\n")) {
    const file = files.at(-1);
    if (left.old > 0 || left.new > 0) {
      if (file !== undefined) count(line, file, left);
      continue;
    }
    if (line.startsWith("diff --git ")) files.push({ path: pathOf(line), added: 0, removed: 0 });
    else if (file !== undefined) {
      const hunk = /^@@ -\d+(?:,(\d+))? \+\d+(?:,(\d+))? @@/.exec(line);
      if (hunk !== null) left = { old: Number(hunk[1] ?? 1), new: Number(hunk[2] ?? 1) };
      else refine(line, file);
    }
  }
  return files;
}

/** Hunks tell their length, so that a line of a file is never taken for one of the patch. */
function count(line: string, file: FileStat, left: { old: number; new: number }): void {
  if (line.startsWith("\\")) return;
  if (line.startsWith("+")) file.added = (file.added ?? 0) + 1;
  if (line.startsWith("-")) file.removed = (file.removed ?? 0) + 1;
  if (!line.startsWith("+")) left.old -= 1;
  if (!line.startsWith("-")) left.new -= 1;
}

function refine(line: string, file: FileStat): void {
  if (line.startsWith("GIT binary patch") || line.startsWith("Binary files ")) {
    file.added = null;
    file.removed = null;
  }
  const renamed = /^rename to (.*)$/.exec(line)?.[1];
  if (renamed !== undefined) file.path = unquote(renamed);
}

/** `diff --git a/X b/X`: without a rename both names are the same, blanks in them or not. */
function pathOf(line: string): string {
  const names = line.slice("diff --git ".length);
  if (names.startsWith('"')) return unquote(names.slice(names.length / 2 + 1).trim()).replace(/^b\//, "");
  return names.slice(Math.floor(names.length / 2) + 1).replace(/^b\//, "");
}

const ESCAPES: Record<string, string> = { n: "\n", t: "\t", r: "\r", a: "\u0007", b: "\b", f: "\f", v: "\v" };

/** Git writes names with unusual bytes as C would. */
function unquote(name: string): string {
  const inner = /^"(.*)"$/.exec(name)?.[1];
  if (inner === undefined) return name;
  const bytes = inner.replace(/\\([0-7]{3}|.)/g, (_, escape: string) =>
    escape.length === 3 ? String.fromCharCode(Number.parseInt(escape, 8)) : (ESCAPES[escape] ?? escape),
  );
  return Buffer.from(bytes, "latin1").toString("utf8");
}
