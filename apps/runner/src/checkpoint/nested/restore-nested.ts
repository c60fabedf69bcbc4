import { isUtf8 } from "node:buffer";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { z } from "zod";
import { gitProblem } from "../../workspace/git.ts";
import type { GitCall } from "../../workspace/git.ts";
import { submodulesOf } from "../../workspace/submodules.ts";
import type { SnapshotStore } from "../snapshot-store.ts";
import { completeGit } from "./complete-git.ts";
import { envOf, isGitDir, isPlace, isReached } from "./places.ts";
import type { Place } from "./places.ts";
import { within } from "./within.ts";

const listSchema = z
  .array(z.object({ path: z.string().refine(isPlace), gitDir: z.string().refine(isGitDir) }))
  .max(100);

const IN_THE_WAY = "there is something else in its place.";

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
  place: Place,
  from: string,
  call: GitCall,
): Promise<string | null> {
  const { path, gitDir } = place;
  const { workspace } = store;
  if (![path, dirname(gitDir)].every((folder) => isReached(workspace, folder))) return IN_THE_WAY;
  const own = join(path, ".git");
  // What is there already, a submodule as it was cloned, would come through wherever the checkpoint has nothing.
  for (const old of new Set([own, gitDir])) await rm(join(workspace, old), { recursive: true, force: true });
  const problem =
    (await putFiles(store, path, `${from}-files`, call)) ??
    (await putFiles(store, gitDir, `${from}-git`, call));
  if (problem !== null) return problem;
  await completeGit(join(workspace, gitDir));
  if (gitDir !== own)
    await writeFile(join(workspace, own), `gitdir: ${relative(path, gitDir)}\n`, { flag: "wx" });
  await makeFolders(store, place, call);
  return null;
}

async function putFiles(
  store: SnapshotStore,
  place: string,
  tree: string,
  call: GitCall,
): Promise<string | null> {
  if (!isReached(store.workspace, place)) return IN_THE_WAY;
  await mkdir(join(store.workspace, place), { recursive: true });
  const git = await within(store, place);
  const put = await git(["read-tree", "--reset", "-u", tree], call);
  // The second makes it take repositories, too: those that belong here come after what holds them.
  const left = put.code === 0 ? await git(["clean", "--quiet", "-d", "--force", "--force"], call) : put;
  return gitProblem("Putting its files in place", left);
}

/** Of submodules that nobody fetched: git takes them for deleted when they are missing. */
async function makeFolders({ theirs, workspace }: SnapshotStore, place: Place, call: GitCall): Promise<void> {
  const env = envOf(workspace, place);
  for (const name of (await submodulesOf(theirs, { ...call, env })) ?? []) {
    const folder = join(place.path, name.toString());
    if (isUtf8(name) && isPlace(name.toString()) && isReached(workspace, folder))
      await mkdir(join(workspace, folder), { recursive: true });
  }
}
