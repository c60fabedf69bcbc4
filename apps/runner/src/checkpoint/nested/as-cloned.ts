import { join } from "node:path";
import { fieldsOf } from "../../workspace/nul-lists.ts";
import { COMPARE_TREES } from "../changed-files.ts";
import { check } from "../snapshot-call.ts";
import type { SnapshotCall } from "../snapshot-call.ts";
import type { SnapshotStore } from "../snapshot-store.ts";
import { MAX_LIST_BYTES } from "../write-changes.ts";
import { THEIR_GIT_MS } from "./folder-trees.ts";
import { envOf } from "./places.ts";
import type { Place } from "./places.ts";

/** Of a submodule in the workspace's index. */
export async function namedCommit(
  { ours }: SnapshotStore,
  path: Buffer,
  call: SnapshotCall,
): Promise<string | null> {
  const index = await ours(["ls-files", "--stage", "--", path.toString()], call);
  return /^160000 ([0-9a-f]+) 0\t/.exec(index.stdout.toString())?.[1] ?? null;
}

/** Commits of somebody's own, stashed ones too. Tags come with every clone, on no branch too. */
const OWN_COMMITS = ["rev-list", "--max-count=1", "--all", "--not", "HEAD", "--remotes", "--tags"];

/**
 * The commits of its own submodules when it is at its commit, with the files of that commit and no other work in it;
 * null: it is not as it was cloned.
 */
export async function submodulesAsCloned(
  store: SnapshotStore,
  place: Place,
  { commit, files }: { commit: string; files: { readonly tree: string } },
  call: SnapshotCall,
): Promise<ReadonlyMap<string, string> | null> {
  const { ours, workspace } = store;
  const theirs = { ...call, timeoutMs: THEIR_GIT_MS, env: envOf(workspace, place) };
  const [head, own] = await Promise.all([
    ours(["rev-parse", "HEAD", "HEAD^{tree}"], theirs),
    ours(OWN_COMMITS, theirs),
  ]);
  const [at, tree = ""] = head.stdout.toString().split("\n");
  if (head.code !== 0 || at !== commit || own.code !== 0 || own.stdout.length > 0) return null;
  if (tree === files.tree) return new Map();
  // Nothing of it is ours, but for what was changed.
  const objects = { GIT_ALTERNATE_OBJECT_DIRECTORIES: join(workspace, place.gitDir, "objects") };
  const changes = { ...call, env: objects, maxBytes: MAX_LIST_BYTES };
  const differences = await ours([...COMPARE_TREES, tree, files.tree], changes);
  check("Comparing a submodule with its commit", differences);
  return submodulesOnly([...fieldsOf(differences.stdout)]);
}

/** A tree of ours has no submodules; null: there is another difference, too. */
function submodulesOnly(fields: readonly Buffer[]): ReadonlyMap<string, string> | null {
  const found = new Map<string, string>();
  for (let at = 0; at + 1 < fields.length; at += 2) {
    const [, commit] = /^:160000 000000 ([0-9a-f]+) 0+ D$/.exec(String(fields[at])) ?? [];
    if (commit === undefined) return null;
    found.set(fields[at + 1]?.toString("latin1") ?? "", commit);
  }
  return found;
}
