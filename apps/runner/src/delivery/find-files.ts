import { lstat, readdir } from "node:fs/promises";
import { join } from "node:path";
import { compileGlob } from "./glob.ts";
import type { Glob } from "./glob.ts";

/** Entries looked at: a folder of dependencies has some hundred thousand. */
const MAX_ENTRIES = 500_000;

export interface FindLimits {
  readonly files: number;
  readonly bytes: number;
  readonly fileBytes: number;
}

export interface FoundFile {
  /** Inside the workspace. */
  readonly path: string;
  readonly bytes: number;
}

export interface Found {
  readonly files: readonly FoundFile[];
  /** What else matched, and why it is left out; null when nothing is. */
  readonly leftOut: string | null;
}

interface Search {
  readonly globs: readonly Glob[];
  readonly files: FoundFile[];
  readonly signal: AbortSignal;
  bytes: number;
  entries: number;
  skipped: number;
}

/** Plain files that match, ignored by git or not. Links are neither followed nor taken, `.git` is not looked into. */
export async function findFiles(
  workspace: string,
  patterns: readonly string[],
  limits: FindLimits,
  signal: AbortSignal,
): Promise<Found> {
  const globs = patterns.map(compileGlob);
  const search: Search = { globs, files: [], signal, bytes: 0, entries: 0, skipped: 0 };
  await walk(workspace, "", limits, search);
  const reasons = [
    ...(search.skipped > 0
      ? [
          `${search.skipped} more files match but are over the limit of ${limits.files} files or ${mib(limits.bytes)}`,
        ]
      : []),
    ...(search.entries >= MAX_ENTRIES ? [`only the first ${MAX_ENTRIES} files were looked at`] : []),
    ...(signal.aborted ? ["there was no time to look at all files"] : []),
  ];
  return { files: search.files, leftOut: reasons.length === 0 ? null : reasons.join("; ") };
}

async function walk(workspace: string, folder: string, limits: FindLimits, search: Search): Promise<void> {
  const entries = await readdir(join(workspace, folder), { withFileTypes: true }).catch(() => []);
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    search.entries += 1;
    if (search.signal.aborted || search.entries >= MAX_ENTRIES) return;
    const path = folder === "" ? entry.name : `${folder}/${entry.name}`;
    if (entry.isDirectory()) {
      if (entry.name !== ".git" && search.globs.some((glob) => glob.mayMatchIn(path)))
        await walk(workspace, path, limits, search);
    } else if (entry.isFile() && search.globs.some((glob) => glob.matches(path)))
      await take(workspace, path, limits, search);
  }
}

async function take(workspace: string, path: string, limits: FindLimits, search: Search): Promise<void> {
  const stats = await lstat(join(workspace, path)).catch(() => null);
  if (stats === null || !stats.isFile()) return;
  const hasRoom =
    search.files.length < limits.files &&
    stats.size <= limits.fileBytes &&
    search.bytes + stats.size <= limits.bytes;
  if (!hasRoom) search.skipped += 1;
  else {
    search.bytes += stats.size;
    search.files.push({ path, bytes: stats.size });
  }
}

function mib(bytes: number): string {
  return `${Math.round(bytes / 1024 / 1024)} MiB`;
}
