/** One changed file of the workspace against its base. */
export interface FileChange {
  readonly path: string;
  readonly op: "create" | "modify" | "delete" | "rename";
  /** Null for a binary file. */
  readonly added: number | null;
  readonly removed: number | null;
}

const OPS: Record<string, FileChange["op"]> = { A: "create", C: "create", D: "delete", R: "rename" };

/** `git diff --raw --numstat -z`: all raw entries, then all numstat entries, in the same order. */
export function parseDiff(output: string): FileChange[] {
  const fields = output.split("\0");
  const files: Pick<FileChange, "path" | "op">[] = [];
  let at = 0;
  for (; fields[at]?.startsWith(":"); at += 1) {
    const letter = fields[at]?.split(" ").at(-1)?.[0] ?? "M";
    at += letter === "R" || letter === "C" ? 2 : 1;
    files.push({ path: fields[at] ?? "", op: OPS[letter] ?? "modify" });
  }
  return files.map(({ path: name, op }) => {
    const [added, removed, path] = (fields[at] ?? "").split("\t");
    // A rename has an empty path here, and the old and the new one as fields of their own.
    at += path === "" ? 3 : 1;
    return { path: name, op, added: toCount(added), removed: toCount(removed) };
  });
}

function toCount(text: string | undefined): number | null {
  const value = Number.parseInt(text ?? "", 10);
  return Number.isNaN(value) ? null : value;
}

/**
 * The sections of `git diff -p`, one a file, in the order of the other formats; the last may be cut. A file that became
 * a link has two with the same first line, its end and its beginning.
 */
export function parsePatch(output: string): string[] {
  if (output === "") return [];
  const sections: string[] = [];
  for (const section of output.split(/^(?=diff --git )/m)) {
    const last = sections.at(-1);
    if (last !== undefined && firstLine(last) === firstLine(section))
      sections[sections.length - 1] += section;
    else sections.push(section);
  }
  return sections;
}

function firstLine(text: string): string {
  return text.slice(0, text.indexOf("\n"));
}
