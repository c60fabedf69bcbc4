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

/** The sections of `git diff -p`, one a file, in the order of the other formats; the last may be cut. */
export function parsePatch(output: string): string[] {
  return output === "" ? [] : output.split(/^(?=diff --git )/m);
}
