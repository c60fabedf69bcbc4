import { splitNul } from "./archive/list-workspace.ts";
import type { Git, GitCall } from "../workspace/git.ts";

const GITLINK = "160000";
const MOST_NAMED = 20;

/** A repository inside the workspace is only named by the commit, by one of its own: its files are not in it. */
export async function nestedRepositories(
  git: Git,
  base: string,
  tree: string,
  call: GitCall,
): Promise<string[]> {
  const changed = await git(["diff-tree", "-r", "-z", "--raw", "--no-renames", base, tree], call);
  const fields = splitNul(changed.stdout).map((field) => field.toString());
  const told: string[] = [];
  // `:<mode> <mode> <id> <id> <status>`, then the path.
  for (let at = 0; at + 1 < fields.length; at += 2) {
    const [, mode, , id = ""] = (fields[at] ?? "").split(" ");
    if (mode !== GITLINK) continue;
    const path = JSON.stringify(fields[at + 1]);
    told.push(
      `${path} is a repository of its own: the commit only says that it is at ${id.slice(0, 12)}, its files are not in it.`,
    );
  }
  return told.slice(0, MOST_NAMED);
}
