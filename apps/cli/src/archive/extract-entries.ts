import type { FolderWriter } from "./folder-writer.ts";
import { judgePath } from "./entry-path.ts";
import type { TarEntry } from "./read-tar.ts";
import type { PlannedEntry } from "./scan-entries.ts";

/** Writes the planned entries of an archive that was scanned, and nothing else of it. Links come last. */
export async function extractEntries(
  source: AsyncIterable<TarEntry>,
  wanted: readonly PlannedEntry[],
  writer: FolderWriter,
  replaces: (entry: PlannedEntry) => boolean,
): Promise<void> {
  const files = new Map(wanted.filter(({ kind }) => kind === "file").map((entry) => [entry.path, entry]));
  for (const { path, kind } of wanted) if (kind === "folder") await writer.folder(path);
  if (files.size > 0) {
    for await (const entry of source) {
      const judged = judgePath(entry.name);
      const planned = judged.ok && entry.kind === "file" ? files.get(judged.parts.join("/")) : undefined;
      if (planned === undefined) continue;
      await writer.file(planned.path, entry.body, { mode: planned.mode, replace: replaces(planned) });
    }
  }
  for (const entry of wanted) {
    if (entry.kind === "link") await writer.link(entry.path, entry.target, replaces(entry));
  }
}
