import { relative, resolve } from "node:path";
import type { Recorder } from "../journal/recorder.ts";
import { diffWorkspace } from "../workspace/diff-workspace.ts";
import type { ChangedFile, DiffOptions, WorkspaceDiff } from "../workspace/diff-workspace.ts";

const MAX_FILES = 500;
const MAX_DIFF_CHARS = 48 * 1024;
const MAX_ALL_DIFF_CHARS = 2 * 1024 * 1024;

export interface Counts {
  readonly files: number | null;
  readonly added: number | null;
  readonly removed: number | null;
}
export const NO_COUNTS: Counts = { files: null, added: null, removed: null };

/** Tells what changed in the workspace, as git sees it: what the engine said of its files is only a hint. */
export async function deliverWorkspace(
  recorder: Recorder,
  reported: ReadonlySet<string>,
  options: DiffOptions,
): Promise<Counts> {
  const { workspace } = options;
  const result = await diffWorkspace(options);
  if (!result.ok) {
    await recorder.record({ type: "notice", data: { level: "warn", text: result.problem } });
    await recorder.record({ type: "delivery", data: { kind: "workspace", location: workspace } });
    return NO_COUNTS;
  }
  await recordFiles(recorder, withoutReported(result.diff.files, reported, workspace));
  const counts = countsOf(result.diff);
  const commits = result.diff.commits.length === 0 ? {} : { commits: [...result.diff.commits] };
  await recorder.record({
    type: "delivery",
    data: { kind: "workspace", location: workspace, ...counts, ...commits },
  });
  return counts;
}

function countsOf({ files, added, removed }: WorkspaceDiff): {
  files: number;
  added: number;
  removed: number;
} {
  return { files: files.length, added, removed };
}

function withoutReported(
  files: readonly ChangedFile[],
  reported: ReadonlySet<string>,
  workspace: string,
): ChangedFile[] {
  const known = new Set([...reported].map((path) => relative(workspace, resolve(workspace, path))));
  return files.filter((file) => !known.has(file.path));
}

async function recordFiles(recorder: Recorder, files: readonly ChangedFile[]): Promise<void> {
  let room = MAX_ALL_DIFF_CHARS;
  for (const { path, op, diff, added, removed } of files.slice(0, MAX_FILES)) {
    const shown = diff !== undefined && diff.length <= Math.min(MAX_DIFF_CHARS, room) ? diff : undefined;
    room -= shown?.length ?? 0;
    await recorder.record({
      type: "file_change",
      data: {
        path,
        op,
        ...(shown === undefined ? {} : { diff: shown }),
        ...(added === null ? {} : { added }),
        ...(removed === null ? {} : { removed }),
        source: "workspace_diff",
      },
    });
  }
  if (files.length <= MAX_FILES) return;
  const text = `${files.length - MAX_FILES} more files changed; they are counted but not listed.`;
  await recorder.record({ type: "notice", data: { level: "info", text } });
}
