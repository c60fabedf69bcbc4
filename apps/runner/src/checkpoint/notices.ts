import type { Snapshot } from "./snapshot-workspace.ts";

const MAX_NAMES = 5;

/** What a checkpoint does not hold although git does not ignore it; null when it holds everything. */
export function leftOutNotice({ tooLarge, nested, unreadable }: Snapshot["leftOut"]): string | null {
  const parts = [
    part(tooLarge, "files of more than 256 MiB"),
    part(nested, "git repositories inside the workspace"),
    part(unreadable, "files that cannot be read"),
  ].filter((text) => text !== null);
  return parts.length === 0 ? null : `Checkpoints leave out ${parts.join("; ")}.`;
}

function part(names: readonly string[], what: string): string | null {
  if (names.length === 0) return null;
  const more = names.length > MAX_NAMES ? ` and ${names.length - MAX_NAMES} more` : "";
  return `${what} (${names.slice(0, MAX_NAMES).join(", ")}${more})`;
}
