import type { GitCall } from "../workspace/git.ts";
import { joinNul } from "../workspace/nul-lists.ts";
import type { OwnRepository } from "../workspace/own-repository.ts";
import { filledSubmodules, isFetched, submodulesOf } from "../workspace/submodules.ts";
import { agentsIndex } from "./agents-index.ts";

/**
 * Where the agent put files in place of a submodule, and its index says so, they are taken; where they only lie in the
 * folder of one that nobody fetched, the commit goes on naming it, and what it does not hold is told.
 */
export async function takeFolders(
  repository: OwnRepository,
  workspace: string,
  call: GitCall,
): Promise<{ notices: string[]; isWhole: boolean }> {
  const { git } = repository;
  const submodules = (await submodulesOf(git, call)) ?? [];
  // What is not committed in there only git in there could tell, with the settings and filters it finds.
  const isWhole = !submodules.some((path) => isFetched(workspace, path));
  const filled = await filledSubmodules(git, workspace, submodules, call);
  if (filled.length === 0) return { notices: [], isWhole };
  const index = await agentsIndex(repository);
  const theirs = index && (await submodulesOf(git, { ...call, env: index }));
  const isKept = (path: Buffer): boolean => theirs?.some((other) => other.equals(path)) ?? true;
  const taken = filled.filter((path) => !isKept(path));
  if (taken.length > 0)
    await git(["update-index", "--force-remove", "-z", "--stdin"], { ...call, input: joinNul(taken) });
  const kept = filled.filter(isKept);
  const first = JSON.stringify(kept[0]?.toString());
  const told = `${kept.length} submodules that nobody fetched have files in their folders, ${first} first: these are not in the commit.`;
  return kept.length === 0 ? { notices: [], isWhole } : { notices: [told], isWhole: false };
}
