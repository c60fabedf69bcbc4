/** The lines of one file that a change shows: only they can be commented on. */
export interface DiffLines {
  readonly old: ReadonlySet<number>;
  readonly new: ReadonlySet<number>;
}

/** Reads the hunks of a unified diff of one file. */
export function diffLines(patch: string): DiffLines {
  const lines = { old: new Set<number>(), new: new Set<number>() };
  let before = 0;
  let after = 0;
  let inHunk = false;
  for (const line of patch.split("\n")) {
    const [, from, to] = /^@@ -(\d+)(?:,\d+)? \+(\d+)(?:,\d+)? @@/.exec(line) ?? [];
    if (from !== undefined && to !== undefined) {
      before = Number(from);
      after = Number(to);
      inHunk = true;
    } else if (inHunk) {
      if (line.startsWith("+")) lines.new.add(after++);
      else if (line.startsWith("-")) lines.old.add(before++);
      else if (line.startsWith(" ")) {
        lines.old.add(before++);
        lines.new.add(after++);
      }
    }
  }
  return lines;
}

/** The files of a whole `git diff`, by their new name, or the old one of a deleted file. */
export function diffFiles(diff: string): Map<string, DiffLines> {
  const files = new Map<string, DiffLines>();
  for (const section of diff.split(/^(?=diff --git )/m)) {
    const head = section.split(/^@@ /m, 1)[0] ?? "";
    const name = /^\+\+\+ b\/(.+?)\t?$/m.exec(head)?.[1] ?? /^--- a\/(.+?)\t?$/m.exec(head)?.[1];
    if (name !== undefined) files.set(name, diffLines(section));
  }
  return files;
}
