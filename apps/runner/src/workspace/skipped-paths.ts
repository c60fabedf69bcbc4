import type { Git, GitCall } from "./git.ts";
import { fieldsOf } from "./nul-lists.ts";

const MAX_LIST_BYTES = 64 * 1024 * 1024;
const SKIPPED = Buffer.from("S ");

/** What the call's index says a sparse checkout took out of the workspace, which is not deleted. */
export async function skippedPaths(git: Git, call: GitCall): Promise<Buffer[]> {
  const { stdout } = await git(["ls-files", "-t", "-z"], { ...call, maxBytes: MAX_LIST_BYTES });
  return [...fieldsOf(stdout)]
    .filter((entry) => entry.subarray(0, SKIPPED.length).equals(SKIPPED))
    .map((entry) => entry.subarray(SKIPPED.length));
}
