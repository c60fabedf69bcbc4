import { agentsIndex } from "./agents-index.ts";
import { splitNul, statOf } from "./archive/list-workspace.ts";
import type { GitCall } from "../workspace/git.ts";
import type { OwnRepository } from "../workspace/own-repository.ts";

const MAX_LIST_BYTES = 64 * 1024 * 1024;
const NUL = Buffer.from([0]);
const SKIPPED = Buffer.from("S ");

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
  const list = { ...call, maxBytes: MAX_LIST_BYTES };
  const theirs = await git(["ls-files", "-t", "-z"], { ...list, env: index });
  const skipped = splitNul(theirs.stdout)
    .filter((entry) => entry.subarray(0, SKIPPED.length).equals(SKIPPED))
    .map((entry) => entry.subarray(SKIPPED.length));
  if (skipped.length === 0) return [];
  const known = new Set(splitNul((await git(["ls-files", "-z"], list)).stdout).map(latin));
  const gone = skipped.filter((path) => known.has(latin(path)) && statOf(workspace, path) === null);
  if (gone.length === 0) return [];
  const input = Buffer.concat(gone.flatMap((path) => [path, NUL]));
  await git(["update-index", "--skip-worktree", "-z", "--stdin"], { ...call, input });
  const first = JSON.stringify(gone[0]?.toString());
  return [
    `The agent's sparse checkout left ${gone.length} files out of the workspace, ${first} first: they are in the commit as they were.`,
  ];
}

/** Names are bytes: they need not be UTF-8. */
function latin(path: Buffer): string {
  return path.toString("latin1");
}
