export interface DiffLine {
  kind: "added" | "removed" | "context" | "hunk" | "meta";
  text: string;
  old: number | null;
  new: number | null;
}

const HUNK = /^@@ -(\d+)(?:,\d+)? \+(\d+)(?:,\d+)? @@(.*)$/;
const META =
  /^(?:diff --git|index |--- |\+\+\+ |new file|deleted file|old mode|new mode|similarity|rename|Binary)/;

/** A unified diff of one file, line by line, with the numbers both sides have. Anything else comes out as context. */
export function parseDiff(diff: string): DiffLine[] {
  const lines: DiffLine[] = [];
  let at = { old: 1, new: 1 };
  let inHunk = false;
  for (const text of diff.replace(/\n$/, "").split("\n")) {
    const hunk = HUNK.exec(text);
    if (hunk !== null) {
      at = { old: Number(hunk[1]), new: Number(hunk[2]) };
      inHunk = true;
      lines.push({ kind: "hunk", text: (hunk[3] ?? "").trim(), old: at.old, new: at.new });
    } else if (!inHunk && META.test(text)) lines.push({ kind: "meta", text, old: null, new: null });
    else lines.push(bodyLine(text, at));
  }
  return lines;
}

/** Moves the counters on. */
function bodyLine(text: string, at: { old: number; new: number }): DiffLine {
  const rest = text.slice(1);
  if (text.startsWith("+")) return { kind: "added", text: rest, old: null, new: at.new++ };
  if (text.startsWith("-")) return { kind: "removed", text: rest, old: at.old++, new: null };
  if (text.startsWith("\\")) return { kind: "meta", text: rest.trim(), old: null, new: null };
  return { kind: "context", text: rest, old: at.old++, new: at.new++ };
}

export interface FileDiff {
  path: string;
  diff: string;
  added: number;
  removed: number;
}

/** A patch as `git diff` writes it, cut into its files. */
export function splitPatch(patch: string): FileDiff[] {
  const parts = patch.split(/^(?=diff --git )/m).filter((part) => part.startsWith("diff --git "));
  return parts.map((diff) => {
    const body = parseDiff(diff);
    const of = (kind: DiffLine["kind"]) => body.filter((line) => line.kind === kind).length;
    return { path: pathOf(diff), diff, added: of("added"), removed: of("removed") };
  });
}

function pathOf(diff: string): string {
  const named = /^\+\+\+ "?b\/(.+?)"?$/m.exec(diff) ?? /^--- "?a\/(.+?)"?$/m.exec(diff);
  return named?.[1] ?? /^diff --git "?a\/.+ "?b\/(.+?)"?$/m.exec(diff)?.[1] ?? "?";
}
