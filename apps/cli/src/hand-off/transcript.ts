/** A line as Claude Code wrote it; `id` is its place in the conversation. */
interface Line {
  readonly text: string;
  readonly id: string | null;
}

/**
 * What makes up the conversation. All else a transcript can hold (modes, work trees, queued prompts, agent settings) is
 * state of the program that wrote it, and is not taken from a sandbox.
 */
const CONVERSATION = new Set(["user", "assistant", "system", "attachment", "summary"]);

/**
 * A transcript from a sandbox as it may lie in the user's own folder: it goes on in `cwd`, and brings no permission
 * that was given in the sandbox. Empty when it holds nothing of a conversation.
 */
export function importedTranscript(text: string, cwd: string): string {
  const lines = text.split("\n").flatMap((line) => {
    const entry = parsed(line);
    if (entry === null || !CONVERSATION.has(String(entry["type"]))) return [];
    const { permissionMode: _, ...kept } = entry;
    return [JSON.stringify("cwd" in kept ? { ...kept, cwd } : kept)];
  });
  return lines.map((line) => `${line}\n`).join("");
}

/**
 * The local transcript with what the imported one has beyond it; not a byte of what is there changes. Null when the
 * imported one does not go on from the local one.
 */
export function continuedTranscript(local: string, imported: string): string | null {
  const known = linesOf(local).flatMap(({ id }) => id ?? []);
  const theirs = linesOf(imported);
  let at = 0;
  let end = 0;
  for (const [index, { id }] of theirs.entries()) {
    if (at === known.length) break;
    if (id === null) continue;
    if (id !== known[at]) return null;
    at += 1;
    end = index + 1;
  }
  if (at < known.length) return null;
  const added = theirs.slice(end).map(({ text }) => `${text}\n`);
  return (local === "" || local.endsWith("\n") ? local : `${local}\n`) + added.join("");
}

/** Whole lines only: the program may be writing the next one. */
export function wholeLines(text: string): string {
  return text.slice(0, text.lastIndexOf("\n") + 1);
}

/** The version of the program that wrote the last line. */
export function versionOf(text: string): string | null {
  const found = text.match(/"version":"(\d[\w.+-]{0,60})"/g)?.at(-1);
  return found === undefined ? null : found.slice('"version":"'.length, -1);
}

function linesOf(text: string): Line[] {
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => {
      const id = parsed(line)?.["uuid"];
      return { text: line, id: typeof id === "string" ? id : null };
    });
}

function parsed(line: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : null;
  } catch {
    return null;
  }
}
