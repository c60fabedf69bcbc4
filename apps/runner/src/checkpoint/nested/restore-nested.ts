import { mkdir, rm, writeFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { z } from "zod";
import { gitProblem } from "../../workspace/git.ts";
import type { GitCall } from "../../workspace/git.ts";
import type { SnapshotStore } from "../snapshot-store.ts";
import { isGitDir, isPlace, isReached } from "./places.ts";
import type { Place } from "./places.ts";
import { within } from "./within.ts";

const listSchema = z
  .array(z.object({ path: z.string().refine(isPlace), gitDir: z.string().refine(isGitDir) }))
  .max(100);

export interface RestoredNested {
  readonly paths: readonly string[];
  readonly problems: readonly string[];
}

/** Puts the repositories inside the workspace back as they were. What comes back is the word of another sandbox. */
export async function restoreNested(
  store: SnapshotStore,
  tree: string,
  call: GitCall,
): Promise<RestoredNested> {
  const list = await store.ours(["cat-file", "blob", `${tree}:list`], call);
  const places = readPlaces(list.stdout.toString());
  if (places === null)
    return { paths: [], problems: ["The list of repositories inside the workspace is unreadable."] };
  const paths: string[] = [];
  const problems: string[] = [];
  for (const [at, place] of places.entries()) {
    const problem = await restoreOne(store, place, `${tree}:${at}`, call).catch((error: unknown) =>
      String(error),
    );
    if (problem === null) paths.push(place.path);
    else problems.push(`${place.path}: ${problem}`);
  }
  return { paths, problems };
}

function readPlaces(text: string): readonly Place[] | null {
  try {
    return listSchema.parse(JSON.parse(text));
  } catch {
    return null;
  }
}

async function restoreOne(
  store: SnapshotStore,
  { path, gitDir }: Place,
  from: string,
  call: GitCall,
): Promise<string | null> {
  const { workspace } = store;
  const problem =
    (await putFiles(store, path, `${from}-files`, call)) ??
    (await putFiles(store, gitDir, `${from}-git`, call));
  if (problem !== null) return problem;
  // Empty folders are in no tree, and without these two git sees no repository.
  for (const folder of ["objects", "refs"]) await mkdir(join(workspace, gitDir, folder), { recursive: true });
  const own = join(path, ".git");
  if (gitDir === own) return null;
  await rm(join(workspace, own), { recursive: true, force: true });
  await writeFile(join(workspace, own), `gitdir: ${relative(path, gitDir)}\n`, { flag: "wx" });
  return null;
}

async function putFiles(
  store: SnapshotStore,
  place: string,
  tree: string,
  call: GitCall,
): Promise<string | null> {
  if (!isReached(store.workspace, place)) return "there is something else in its place.";
  await mkdir(join(store.workspace, place), { recursive: true });
  const git = await within(store, place);
  return gitProblem("Putting its files in place", await git(["read-tree", "--reset", "-u", tree], call));
}
