import { agentsIndex } from "./agents-index.ts";
import { statOf } from "./archive/list-workspace.ts";
import type { GitCall } from "../workspace/git.ts";
import { joinNul, splitNul } from "../workspace/nul-lists.ts";
import { skippedPaths } from "../workspace/skipped-paths.ts";
import type { OwnRepository } from "../workspace/own-repository.ts";

const MAX_LIST_BYTES = 64 * 1024 * 1024;

/**
 * A sparse checkout takes files out of the workspace without deleting them. What the agent's index says so of, and is
 * really not there, stays in the commit as it was, and is told; of a file that is there the index is not asked.
 */
export async function keepSparse(
  repository: OwnRepository,
  workspace: string,
  call: GitCall,
): Promise<string[]> {
  const { git } = repository;
  const index = await agentsIndex(repository);
  if (index === null) return [];
  const skipped = await skippedPaths(git, { ...call, env: index });
  if (skipped.length === 0) return [];
  const listed = await git(["ls-files", "-z"], { ...call, maxBytes: MAX_LIST_BYTES });
  const known = new Set(splitNul(listed.stdout).map(latin));
  const gone = skipped.filter((path) => known.has(latin(path)) && statOf(workspace, path) === null);
  if (gone.length === 0) return [];
  await git(["update-index", "--skip-worktree", "-z", "--stdin"], { ...call, input: joinNul(gone) });
  const first = JSON.stringify(gone[0]?.toString());
  return [
    `The agent's sparse checkout left ${gone.length} files out of the workspace, ${first} first: they are in the commit as they were.`,
  ];
}

/** Names are bytes: they need not be UTF-8. */
function latin(path: Buffer): string {
  return path.toString("latin1");
}
