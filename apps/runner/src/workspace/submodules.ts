import { readdirSync } from "node:fs";
import { inWorkspace, NO_INDEX, statOf } from "../delivery/archive/list-workspace.ts";
import type { Git, GitCall } from "./git.ts";
import { fieldsOf } from "./nul-lists.ts";

const MAX_LIST_BYTES = 64 * 1024 * 1024;
const SUBMODULE = Buffer.from("160000 ");
const OWN = Buffer.from("/.git");
const TAB = 9;

/** The paths that the call's index has for a commit of another repository; null: it cannot be read. */
export async function submodulesOf(git: Git, call: GitCall): Promise<Buffer[] | null> {
  return (await pathsOfIndex(git, call))?.submodules ?? null;
}

export async function pathsOfIndex(
  git: Git,
  call: GitCall,
): Promise<{ files: Buffer[]; submodules: Buffer[] } | null> {
  const listed = await git(["ls-files", "-z", "--stage"], { ...call, maxBytes: MAX_LIST_BYTES });
  if (listed.code !== 0) return null;
  const found = { files: [] as Buffer[], submodules: [] as Buffer[] };
  for (const line of fieldsOf(listed.stdout)) {
    const isSubmodule = line.subarray(0, SUBMODULE.length).equals(SUBMODULE);
    found[isSubmodule ? "submodules" : "files"].push(line.subarray(line.indexOf(TAB) + 1));
  }
  return found;
}

/** Those with files but no repository in their folder: git looks at nothing there, so that work would be lost. */
export async function filledSubmodules(
  git: Git,
  workspace: string,
  submodules: readonly Buffer[],
  call: GitCall,
): Promise<Buffer[]> {
  const filled: Buffer[] = [];
  for (const path of submodules) {
    if (!holdsOnlyFiles(workspace, path)) continue;
    const list = ["-C", path.toString(), "ls-files", "-z", "--others", "--exclude-standard"];
    const others = await git(list, { ...call, env: NO_INDEX });
    if (others.stdout.length > 0) filled.push(path);
  }
  return filled;
}

/** There is a repository in its folder. */
export function isFetched(workspace: string, path: Buffer): boolean {
  return statOf(workspace, Buffer.concat([path, OWN])) !== null;
}

function holdsOnlyFiles(workspace: string, path: Buffer): boolean {
  if (statOf(workspace, path)?.isDirectory() !== true || isFetched(workspace, path)) return false;
  try {
    return readdirSync(inWorkspace(workspace, path)).length > 0;
  } catch {
    return false;
  }
}
