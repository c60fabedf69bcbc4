import { createHash } from "node:crypto";
import { constants } from "node:fs";
import { open } from "node:fs/promises";
import { shownPath } from "./entry-path.ts";
import { InTheWay } from "./folder-writer.ts";
import type { FolderWriter } from "./folder-writer.ts";
import type { PlannedEntry } from "./scan-entries.ts";

export interface Comparison {
  create: PlannedEntry[];
  /** There, and not the same. */
  differ: PlannedEntry[];
  same: number;
  /** What not even force replaces: a folder for a file, a file or a link for a folder. */
  inTheWay: string[];
}

/** What writing the entries would change. */
export async function compareFolder(
  writer: FolderWriter,
  entries: readonly PlannedEntry[],
): Promise<Comparison> {
  const result: Comparison = { create: [], differ: [], same: 0, inTheWay: [] };
  for (const entry of entries) {
    const found = await compare(writer, entry);
    if (found === "create") result.create.push(entry);
    else if (found === "differ") result.differ.push(entry);
    else if (found === "same") result.same += 1;
    else result.inTheWay.push(found.why);
  }
  return { ...result, inTheWay: [...new Set(result.inTheWay)] };
}

async function compare(
  writer: FolderWriter,
  entry: PlannedEntry,
): Promise<"create" | "differ" | "same" | { why: string }> {
  try {
    const there = await writer.look(entry.path);
    if (there === null) return "create";
    if (there.kind === "folder" && entry.kind === "folder") return "same";
    if (there.kind === "folder" || there.kind === "other" || entry.kind === "folder") {
      return { why: `${shownPath(entry.path)} is not a ${entry.kind}` };
    }
    if (there.kind !== entry.kind) return "differ";
    if (entry.kind === "link") return there.target === entry.target ? "same" : "differ";
    if (there.size !== entry.size) return "differ";
    return (await hashFile(writer.at(entry.path))) === entry.sha256 ? "same" : "differ";
  } catch (error) {
    if (error instanceof InTheWay) return { why: error.message };
    throw error;
  }
}

export async function hashFile(path: Buffer | string): Promise<string> {
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  const hash = createHash("sha256");
  // The stream closes the file.
  for await (const bytes of file.createReadStream()) hash.update(bytes as Buffer);
  return hash.digest("hex");
}
