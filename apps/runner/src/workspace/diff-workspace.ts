import { rm } from "node:fs/promises";
import { join } from "node:path";
import { addAll } from "./add-all.ts";
import { copyIndex } from "./copy-index.ts";
import { gitProblem } from "./git.ts";
import type { Git, GitCall } from "./git.ts";
import { parseDiff, parsePatch } from "./parse-diff.ts";
import type { FileChange } from "./parse-diff.ts";

const MAX_LIST_BYTES = 16 * 1024 * 1024;
const MAX_PATCH_BYTES = 4 * 1024 * 1024;
const MAX_COMMITS = 100;

export interface ChangedFile extends FileChange {
  readonly diff: string | undefined;
}

export interface WorkspaceDiff {
  readonly files: readonly ChangedFile[];
  readonly added: number;
  readonly removed: number;
  /** Made since the base, newest first. */
  readonly commits: readonly string[];
}

export type DiffResult =
  | { readonly ok: true; readonly diff: WorkspaceDiff }
  | { readonly ok: false; readonly problem: string };

export interface DiffOptions {
  git: Git;
  workspace: string;
  base: string;
  /** A folder of ours: the index made for the diff lies there, the agent's own stays as it is. */
  scratch: string;
  timeoutMs: number;
  signal: AbortSignal;
}

/** Everything that changed since the base: committed, staged, only saved, and new files that are not ignored. */
export async function diffWorkspace(options: DiffOptions): Promise<DiffResult> {
  const { git, base, timeoutMs, signal } = options;
  const index = join(options.scratch, "diff-index");
  await copyIndex(options.workspace, index);
  const call: GitCall = { timeoutMs, signal, env: { GIT_INDEX_FILE: index } };
  try {
    // Fails on a repository inside this one without a commit: then its files are left out.
    await addAll(git, options.workspace, call, ["--intent-to-add"]);
    const submodules = ["--ignore-submodules=dirty", "--submodule=short"];
    const what = ["diff", "--no-ext-diff", "--no-textconv", "--find-renames", ...submodules];
    const [listing, patch, commits] = await Promise.all([
      git([...what, "--raw", "--numstat", "-z", base, "--"], { ...call, maxBytes: MAX_LIST_BYTES }),
      git([...what, "--patch", "--no-color", base, "--"], { ...call, maxBytes: MAX_PATCH_BYTES }),
      git(["rev-list", `--max-count=${MAX_COMMITS}`, `${base}..HEAD`, "--"], call),
    ]);
    const problem = gitProblem("Comparing the workspace with its start", listing);
    if (problem !== null) return { ok: false, problem };
    if (listing.truncated) return { ok: false, problem: "The workspace has too many changes to list." };

    return {
      ok: true,
      diff: summarise(parseDiff(listing.stdout.toString()), patch.stdout, patch.truncated, commits.stdout),
    };
  } finally {
    await rm(index, { force: true }).catch(() => undefined);
  }
}

function summarise(files: FileChange[], patch: Buffer, cut: boolean, commits: Buffer): WorkspaceDiff {
  const sections = parsePatch(patch.toString());
  if (cut) sections.pop();
  return {
    files: files.map((file, at) => ({ ...file, diff: sections[at] })),
    added: files.reduce((sum, file) => sum + (file.added ?? 0), 0),
    removed: files.reduce((sum, file) => sum + (file.removed ?? 0), 0),
    commits: commits.toString().split("\n").filter(Boolean),
  };
}
