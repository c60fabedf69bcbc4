import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { Restore, RunnerEventBody } from "@agency/contract";
import type { Engine, EngineStart, SessionBundle } from "@agency/core";
import type { BlobWay } from "../uplink/blobs.ts";
import type { Git } from "../workspace/git.ts";
import { unpackArchive } from "./archive.ts";
import { fetchCheckpoint } from "./fetch-checkpoint.ts";
import { restoreWorkspace } from "./restore-workspace.ts";
import type { SnapshotStore } from "./snapshot-store.ts";
import { treeOf } from "./snapshot-workspace.ts";

const GIT_MS = 60_000;

export interface RestoreOptions {
  readonly way: BlobWay;
  readonly restore: Restore;
  readonly store: SnapshotStore;
  readonly git: Git;
  readonly engine: Engine;
  readonly home: string;
  readonly signal: AbortSignal;
}

export type Restored =
  | {
      readonly ok: true;
      readonly base: string;
      readonly resume: EngineStart["resume"] | null;
      readonly session: SessionBundle | null;
      readonly event: Extract<RunnerEventBody, { type: "restored" }>;
    }
  | { readonly ok: false; readonly problem: string };

/** Makes a prepared workspace and an engine's home what they were at a checkpoint. Never throws. */
export async function restoreCheckpoint(options: RestoreOptions): Promise<Restored> {
  const archive = join(options.store.folder, "restore.tar");
  const bundle = join(options.store.folder, "restore.bundle");
  try {
    return await restoreFrom(options, archive, bundle);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return { ok: false, problem: `The checkpoint cannot be restored: ${why}` };
  } finally {
    await Promise.all([rm(archive, { force: true }), rm(bundle, { force: true })]).catch(() => undefined);
  }
}

async function restoreFrom(options: RestoreOptions, archive: string, bundle: string): Promise<Restored> {
  const { way, restore, store, git, signal } = options;
  const problem = await fetchCheckpoint(way, restore, archive, signal);
  if (problem !== null) return { ok: false, problem };
  const { session } = await unpackArchive(archive, bundle);
  const workspace = await restoreWorkspace({ git, store, bundle, checkpoint: restore, signal });
  if (!workspace.ok) return workspace;
  const memory = await restoreSession(options, session);
  const isUpload = restore.number === 0;
  const missing = [
    `Files that git ignores, empty folders, other branches, stashes and what was staged did not come ${isUpload ? "along" : "back"}.`,
    ...(workspace.nested.paths.length === 0
      ? []
      : [`Repositories inside the workspace came back with all of theirs: ${few(workspace.nested.paths)}.`]),
    ...(workspace.nested.problems.length === 0
      ? []
      : [`Repositories inside the workspace did not come back: ${few(workspace.nested.problems)}.`]),
    ...(workspace.hasCommits ? [] : ["The commits made in the workspace were lost; their files are here."]),
    ...(workspace.lostBranch === null
      ? []
      : [
          `The branch ${workspace.lostBranch} cannot be made beside those of the repository: HEAD is detached at its commit.`,
        ]),
    ...(memory.why === null ? [] : [memory.why]),
  ];
  return {
    ok: true,
    base: isUpload ? await startOf(store, restore, signal) : workspace.base,
    resume: memory.state === "restored" ? { sessionId: memory.sessionId, fork: restore.fork } : null,
    session: memory.state === "restored" ? session : null,
    event: {
      type: "restored",
      data: {
        taskId: restore.taskId,
        checkpoint: restore.number,
        files: workspace.files,
        session: memory.state,
        message: missing.join(" "),
      },
    },
  };
}

function few(names: readonly string[]): string {
  return names.slice(0, 5).join(", ");
}

/** What people had changed already is not the agent's work. */
async function startOf(
  store: SnapshotStore,
  { head, commit }: Restore,
  signal: AbortSignal,
): Promise<string> {
  const call = { timeoutMs: GIT_MS, signal };
  const [before, now] = await Promise.all([treeOf(store, head, call), treeOf(store, commit, call)]);
  return before !== null && before === now ? head : commit;
}

type Memory =
  | { readonly state: "restored"; readonly sessionId: string; readonly why: null }
  | { readonly state: "none" | "lost"; readonly why: string | null };

/** Without its memory the agent still has the files: it begins anew, and that is said. */
async function restoreSession(
  { engine, home, store, restore }: RestoreOptions,
  session: SessionBundle | null,
): Promise<Memory> {
  if (restore.sessionId === null) return { state: "none", why: null };
  if (session === null || session.sessionId !== restore.sessionId)
    return { state: "lost", why: "The agent's memory is not in the checkpoint: it begins anew." };
  if (engine.capabilities.resume === "none")
    return { state: "lost", why: `The engine "${engine.id}" cannot take up a session: it begins anew.` };
  try {
    await engine.importSession(session, { home, cwd: store.workspace });
    return { state: "restored", sessionId: session.sessionId, why: null };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return { state: "lost", why: `The agent's memory did not come back, and it begins anew: ${why}` };
  }
}
