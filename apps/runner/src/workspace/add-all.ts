import { statOf } from "../delivery/archive/list-workspace.ts";
import type { Git, GitCall } from "./git.ts";
import type { ChildResult } from "../process/run-child.ts";
import { joinNul, splitNul } from "./nul-lists.ts";
import { submodulesOf } from "./submodules.ts";

const MAX_LIST_BYTES = 64 * 1024 * 1024;
/** Code hosts take no file over 100 MB, and git would read and hash all of it: 5 GB took it over a minute. */
export const MAX_COMMITTED_BYTES = 100 * 1024 * 1024;
const SCREENSHOTS = Buffer.from(".agency/screenshots/");

/** Everything that is not ignored into the call's index, but for files too large for git and pictures of the work. */
export async function addAll(
  git: Git,
  workspace: string,
  call: GitCall,
  options: readonly string[] = [],
): Promise<{ added: ChildResult; large: readonly Buffer[] }> {
  const what = ["ls-files", "-z", "--modified", "--others", "--exclude-standard"];
  const [changed, listed] = await Promise.all([
    git(what, { ...call, maxBytes: MAX_LIST_BYTES }),
    submodulesOf(git, call),
  ]);
  const submodules = listed ?? [];
  const paths = splitNul(changed.stdout);
  const large = paths.filter((path) => (statOf(workspace, path)?.size ?? 0) > MAX_COMMITTED_BYTES);
  const pictures = paths.filter((path) => path.subarray(0, SCREENSHOTS.length).equals(SCREENSHOTS));
  const left = [...large, ...pictures, ...submodules].map((path) =>
    Buffer.concat([Buffer.from(":(top,exclude,literal)"), path]),
  );
  const specs = joinNul([Buffer.from(":/"), ...left]);
  const add = ["add", "--all", "--ignore-errors", "--pathspec-from-file=-", "--pathspec-file-nul"];
  const added = await git([...add, ...options], { ...call, input: specs });
  const small = submodules.filter((path) => !large.some((other) => other.equals(path)));
  const updated = small.length === 0 ? added : await updateSubmodules(git, small, call);
  return { added: added.code === 0 ? updated : added, large };
}

/** `git add` would ask each for changes of its own, by a git that obeys the settings and filters it finds in there. */
function updateSubmodules(git: Git, paths: readonly Buffer[], call: GitCall): Promise<ChildResult> {
  const how = ["--add", "--remove", "--replace", "--ignore-skip-worktree-entries", "-z", "--stdin"];
  return git(["update-index", ...how], { ...call, input: joinNul(paths) });
}
