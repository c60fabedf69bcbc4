import { lstatSync, mkdirSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import type { Repository } from "@agency/contract";
import type { SessionBundle } from "@agency/core";
import { unpackArchive } from "../checkpoint/archive.ts";
import { capture } from "../checkpoint/capture.ts";
import type { Captured } from "../checkpoint/capture.ts";
import { restoreWorkspace } from "../checkpoint/restore-workspace.ts";
import type { RestoredWorkspace } from "../checkpoint/restore-workspace.ts";
import { openStore } from "../checkpoint/snapshot-store.ts";
import type { SnapshotStore } from "../checkpoint/snapshot-store.ts";
import { realClock } from "../clocks/real-clock.ts";
import { readConfig } from "../config.ts";
import { ProcessGroups } from "../process/groups.ts";
import { createGit } from "../workspace/git.ts";
import type { Git } from "../workspace/git.ts";
import { prepareWorkspace } from "../workspace/prepare-workspace.ts";
import { GIT_ENV } from "./git-server.ts";

const never = new AbortController().signal;

/** A sandbox's workspace with its store, without a runner around it. */
export interface LabWorkspace {
  readonly workspace: string;
  readonly base: string;
  readonly store: SnapshotStore;
  readonly git: Git;
  /** A checkpoint of what is there now. */
  take(known?: string | null, session?: SessionBundle | null): Promise<Captured | null>;
  /** Takes over what another one had. */
  restore(from: LabWorkspace, captured: Captured): Promise<RestoredWorkspace>;
}

export async function openLabWorkspace(
  root: string,
  repository: Repository | null = null,
): Promise<LabWorkspace> {
  const workspace = join(root, "workspace");
  const home = join(root, "home");
  for (const folder of [workspace, home]) mkdirSync(folder, { recursive: true });
  const config = readConfig({ HOME: home, PATH: process.env["PATH"], TMPDIR: root }, workspace);
  const groups = new ProcessGroups();
  const git = createGit(workspace, GIT_ENV, realClock, groups);
  const prepared = await prepareWorkspace({ git, workspace, repository, gitSettings: [], signal: never });
  if (!prepared.ok) throw new Error(prepared.problem);
  const { base } = prepared;
  const store = await openStore({ config, clock: realClock, groups });
  const origin = { base, published: repository === null ? null : base };
  return {
    workspace,
    base,
    store,
    git,
    take: (known = null, session = null) =>
      capture({ store, origin, session, message: "Checkpoint", known, evenStart: false, signal: never }),
    async restore(from, { packed, commit, head, branch }) {
      const bundle = join(root, "restore.bundle");
      await unpackArchive(packed.file, bundle);
      const checkpoint = { number: 1, base: from.base, head, branch, commit };
      return restoreWorkspace({ git, store, bundle, checkpoint, signal: never });
    },
  };
}

/** Every file and link below, by its name in bytes: what it is, whether it can be run, what is in it. */
export function treeBelow(folder: string): Map<string, string> {
  const found = new Map<string, string>();
  const look = (path: Buffer, name: string): void => {
    for (const entry of readdirSync(path, { encoding: "buffer" })) {
      const full = Buffer.concat([path, Buffer.from("/"), entry]);
      const below = `${name}/${entry.toString("latin1")}`;
      if (below === "/.git") continue;
      const stats = lstatSync(full);
      if (stats.isDirectory()) look(full, below);
      else if (stats.isSymbolicLink()) found.set(below, `link ${readlinkSync(full)}`);
      else
        found.set(
          below,
          `${(stats.mode & 0o100) === 0 ? "file" : "program"} ${readFileSync(full, "latin1")}`,
        );
    }
  };
  look(Buffer.from(folder), "");
  return found;
}
