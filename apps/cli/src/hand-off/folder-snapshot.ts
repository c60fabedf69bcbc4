import type { Stats } from "node:fs";
import { lstat, mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { copyIndex } from "../apply/copy-index.ts";
import { splitNul } from "../apply/git-tree.ts";
import type { Session } from "../session.ts";
import { publishedBase } from "./published-base.ts";
import type { PublishedBase } from "./published-base.ts";
import { lineOf, userGit } from "./user-git.ts";
import type { UserGit } from "./user-git.ts";

const MOST_FILE_BYTES = 256 * 1024 * 1024;
const IGNORE_FILE = ".agencyignore";
const AUTHOR = {
  GIT_AUTHOR_NAME: "Agency",
  GIT_AUTHOR_EMAIL: "agent@agency.invalid",
  GIT_COMMITTER_NAME: "Agency",
  GIT_COMMITTER_EMAIL: "agent@agency.invalid",
};

export interface FolderFile {
  /** One character a byte. */
  path: string;
  bytes: number;
}

/** A folder as it is, and how it gets into a sandbox. */
export interface FolderSnapshot {
  /** The folder itself, or the top of the work tree it is in. */
  top: string;
  repository: Pick<PublishedBase, "url" | "branch"> | null;
  base: string;
  head: string;
  branch: string | null;
  commit: string;
  /** What differs from HEAD; all files when there is no HEAD. */
  changed: FolderFile[];
  /** Every name whose content goes along, those of commits that `origin` does not have included. */
  sent: string[];
  leftOut: string[];
  /** Everything beyond the base, as a git bundle. */
  bundle(file: string): Promise<void>;
}

/** Reads a folder with an index and objects of our own in `scratch`: nothing of the user's changes. */
export async function snapshotFolder(
  session: Session,
  folder: string,
  scratch: string,
  whole: boolean,
): Promise<FolderSnapshot> {
  const plain = userGit(session, folder);
  const ask = ["--show-toplevel", "--git-common-dir", "--git-path", "index", "--show-object-format"];
  const found = await plain.run(["rev-parse", "--path-format=absolute", ...ask]);
  const [top = folder, gitDir = null, index = null, format = "sha1"] =
    found.code === 0 ? found.stdout.split("\n").map(lineOf) : [];
  const ours = await openStore(plain, scratch, format);
  return snapshot(session, { top, gitDir, index, ours }, whole);
}

interface Place {
  top: string;
  gitDir: string | null;
  /** The user's own. */
  index: string | null;
  ours: string;
}

/** A bare repository: for the bundle's refs, and for all of a folder that is in none. */
async function openStore(git: UserGit, scratch: string, format: string): Promise<string> {
  const ours = join(scratch, "store");
  await mkdir(ours, { mode: 0o700 });
  await git.need(["init", "--quiet", "--bare", "--template=", `--object-format=${format}`, ours]);
  await git.need(["config", "--file", join(ours, "config"), "core.bare", "false"]);
  return ours;
}

async function snapshot(session: Session, place: Place, whole: boolean): Promise<FolderSnapshot> {
  const { top, gitDir, ours } = place;
  const index = join(ours, "agency-index");
  const git = userGit(session, top, { GIT_INDEX_FILE: index, ...besideUser(place) });
  const at = gitDir === null ? NOWHERE : await headOf(git);
  if (gitDir !== null) await linkStore(gitDir, ours);
  if (at.head !== null) await beginIndex(git, place.index, index);
  const leftOut = await recordChanges(git, top);
  const tree = (await git.need(["write-tree"])).trim();
  const from = whole || at.head === null ? null : await publishedBase(git, top);
  // Half a history cannot be packed: without it there are the files alone.
  const parent = from === null && at.isShallow ? null : at.head;
  const commit = await commitOf(git, tree, parent);
  const head = parent ?? commit;
  const base = from?.base ?? head;
  return {
    top,
    repository: from && { url: from.url, branch: from.branch },
    base,
    head,
    branch: at.branch,
    commit,
    changed: await changedFiles(git, top, at.head, tree),
    leftOut,
    sent: await namesSent(git, from?.base ?? null, commit),
    bundle: (file) => writeBundle(session, ours, file, { base: from && base, head, commit }),
  };
}

/** New objects go into the store of our own; the user's are read. */
function besideUser({ top, gitDir, ours }: Place): Record<string, string> {
  if (gitDir === null) return { GIT_DIR: ours, GIT_WORK_TREE: top };
  const [own, users] = [join(ours, "objects"), join(gitDir, "objects")];
  return { GIT_OBJECT_DIRECTORY: own, GIT_ALTERNATE_OBJECT_DIRECTORIES: users };
}

interface At {
  head: string | null;
  branch: string | null;
  isShallow: boolean;
}
const NOWHERE: At = { head: null, branch: "main", isShallow: false };

async function headOf(git: UserGit): Promise<At> {
  const [commit, name, shallow] = await Promise.all([
    git.run(["rev-parse", "--verify", "--quiet", "HEAD"]),
    git.run(["symbolic-ref", "--quiet", "--short", "HEAD"]),
    git.need(["rev-parse", "--is-shallow-repository"]),
  ]);
  return {
    head: commit.code === 0 ? commit.stdout.trim() : null,
    branch: name.code === 0 ? lineOf(name.stdout) : null,
    isShallow: shallow.trim() === "true",
  };
}

/** From the user's own, which spares git reading every file again. */
async function beginIndex(git: UserGit, users: string | null, ours: string): Promise<void> {
  if (users === null || !(await copyIndex(users, ours))) await git.need(["read-tree", "HEAD"]);
}

/** Brings our index to what lies in the folder; returns what cannot go along. */
async function recordChanges(git: UserGit, top: string): Promise<string[]> {
  await git.run(["update-index", "-q", "--refresh"]);
  const hasOwn = await lstat(join(top, IGNORE_FILE)).catch(() => null);
  const own = hasOwn?.isFile() === true ? [`--exclude-from=${join(top, IGNORE_FILE)}`] : [];
  const list = ["ls-files", "-z", "--others", "--modified", "--deleted", "--exclude-standard", ...own];
  const leftOut: string[] = [];
  const names: string[] = [];
  for (const path of new Set(splitNul(await git.need(list)))) {
    const stats = await statOf(top, path);
    const fits =
      stats === null || stats.isSymbolicLink() || (stats.isFile() && stats.size <= MOST_FILE_BYTES);
    if (fits) names.push(`${path}\0`);
    else leftOut.push(path);
  }
  const flags = ["--add", "--remove", "--replace", "-z", "--stdin"];
  await git.need(["update-index", ...flags], { input: names.join("") });
  return leftOut;
}

/** What was staged before is in the index as well: only the tree tells all of it. */
async function changedFiles(
  git: UserGit,
  top: string,
  head: string | null,
  tree: string,
): Promise<FolderFile[]> {
  const all = ["ls-tree", "-r", "-z", "--name-only", "--full-tree", tree];
  const some = ["diff-tree", "-r", "--ignore-submodules=none", "-z", "--name-only", "--no-renames"];
  const names = splitNul(await git.need(head === null ? all : [...some, head, tree]));
  return Promise.all(names.map(async (path) => ({ path, bytes: (await statOf(top, path))?.size ?? 0 })));
}

function statOf(top: string, path: string): Promise<Stats | null> {
  return lstat(Buffer.concat([Buffer.from(`${top}/`), Buffer.from(path, "latin1")])).catch(() => null);
}

async function commitOf(git: UserGit, tree: string, parent: string | null): Promise<string> {
  const parents = parent === null ? [] : ["-p", parent];
  const message = ["-m", "Files as they were handed over"];
  return (await git.need(["commit-tree", tree, ...parents, ...message], { env: AUTHOR })).trim();
}

async function namesSent(git: UserGit, base: string | null, commit: string): Promise<string[]> {
  const all = ["ls-tree", "-r", "-z", "--name-only", "--full-tree", commit];
  const some = [
    "diff-tree",
    "-r",
    "--ignore-submodules=none",
    "-z",
    "--name-only",
    "--no-renames",
    "--diff-filter=d",
  ];
  return splitNul(await git.need(base === null ? all : [...some, base, commit]));
}

async function linkStore(gitDir: string, ours: string): Promise<void> {
  await writeFile(join(ours, "objects", "info", "alternates"), `${join(gitDir, "objects")}\n`);
  const isShallow = await lstat(join(gitDir, "shallow")).catch(() => null);
  if (isShallow !== null) await symlink(join(gitDir, "shallow"), join(ours, "shallow"));
}

async function writeBundle(
  session: Session,
  ours: string,
  file: string,
  { base, head, commit }: { base: string | null; head: string; commit: string },
): Promise<void> {
  const git = userGit(session, ours, { GIT_DIR: ours });
  const refs = { checkpoint: commit, ...(head === commit ? {} : { head }) };
  const names = Object.keys(refs).map((name) => `refs/agency/${name}`);
  await mkdir(join(ours, "refs", "agency"), { recursive: true });
  for (const [name, target] of Object.entries(refs))
    await writeFile(join(ours, "refs", "agency", name), `${target}\n`);
  const without = base === null ? [] : [`^${base}`];
  await git.need(["bundle", "create", "--quiet", file, ...names, ...without]);
}
