import { isUtf8 } from "node:buffer";
import { lstatSync } from "node:fs";
import type { Stats } from "node:fs";
import { splitNul } from "../../workspace/nul-lists.ts";
import { gitProblem } from "../../workspace/git.ts";
import type { Git } from "../../workspace/git.ts";
import type { ChildResult } from "../../process/run-child.ts";

const LIST_MS = 60_000;
const MAX_LIST_BYTES = 64 * 1024 * 1024;
const SLASH = Buffer.from("/");
const TAB = 9;
const NOT_TRACKED = Buffer.from("? ");
/** What git calls a repository inside that it tracks, after the letter of its state. */
const TRACKED_REPOSITORY = Buffer.from("160000 ");

/** Repositories inside repositories are looked into this deep. */
const MAX_DEPTH = 5;
/** What a folder is called by a listing that begins in it. */
const ITSELF = Buffer.from("./");
/** With an index that is nowhere git takes every file for a new one. */
export const NO_INDEX = { GIT_INDEX_FILE: "/nonexistent/index" };

export interface Listed {
  readonly paths: readonly Buffer[];
  /** False: there is more than could be listed. */
  readonly complete: boolean;
}
export type Listing = ({ readonly ok: true } & Listed) | { readonly ok: false; readonly problem: string };

/** Everything of the workspace that git does not ignore, as bytes; the files of repositories inside it too. */
export async function listWorkspace(git: Git, workspace: string, signal: AbortSignal): Promise<Listing> {
  const listed = await listFiles(git, null, signal);
  const problem = gitProblem("Listing the workspace", listed);
  if (problem !== null) return { ok: false, problem };
  return { ok: true, ...(await follow(git, workspace, null, listed, signal, MAX_DEPTH)) };
}

function listFiles(
  git: Git,
  folder: string | null,
  signal: AbortSignal,
  env: Record<string, string> = {},
): Promise<ChildResult> {
  const where = folder === null ? [] : ["-C", folder];
  const what = ["ls-files", "-z", "-t", "--stage", "--cached", "--others", "--exclude-standard"];
  return git([...where, ...what], { timeoutMs: LIST_MS, signal, maxBytes: MAX_LIST_BYTES, env });
}

/** Of a submodule that nobody fetched git lists no more than the folder, whatever has been put into it. */
async function listInside(git: Git, folder: string, signal: AbortSignal): Promise<ChildResult> {
  const listed = await listFiles(git, folder, signal);
  const isFetched = !named(listed.stdout).some(({ name }) => name.equals(ITSELF));
  return isFetched ? listed : listFiles(git, folder, signal, NO_INDEX);
}

/** A repository inside is one entry for git: nobody's files are lost because the agent cloned something. */
async function follow(
  git: Git,
  workspace: string,
  folder: Buffer | null,
  listed: ChildResult,
  signal: AbortSignal,
  depth: number,
): Promise<Listed> {
  const paths: Buffer[] = [];
  let complete = !listed.truncated;
  for (const { name, isRepository } of named(listed.stdout)) {
    const path = folder === null ? name : Buffer.concat([folder, SLASH, name]);
    paths.push(path);
    if (!isRepository || !isFolder(workspace, path)) continue;
    // Arguments are text: a repository whose name is not UTF-8 cannot be named to git.
    const inner = depth > 0 && isUtf8(path) ? await listInside(git, path.toString(), signal) : null;
    if (inner?.code !== 0) {
      complete = false;
      continue;
    }
    const found = await follow(git, workspace, path, inner, signal, depth - 1);
    complete &&= found.complete;
    for (const one of found.paths) paths.push(one);
  }
  return { paths, complete };
}

interface Named {
  readonly name: Buffer;
  readonly isRepository: boolean;
}

/** In order. What conflicts stands in the index up to three times, a repository then before a file. */
function named(list: Buffer): Named[] {
  const all = splitNul(list).map(parseLine);
  all.sort((a, b) => a.name.compare(b.name) || Number(b.isRepository) - Number(a.isRepository));
  return all.filter(({ name }, at) => at === 0 || !name.equals(all[at - 1]?.name ?? SLASH));
}

/** `? path`, with a slash at the end for a repository, or `H 100644 <object> 0<tab>path`. */
function parseLine(line: Buffer): Named {
  if (!line.subarray(0, 2).equals(NOT_TRACKED)) {
    const isRepository = line.subarray(2, 2 + TRACKED_REPOSITORY.length).equals(TRACKED_REPOSITORY);
    return { name: line.subarray(line.indexOf(TAB) + 1), isRepository };
  }
  const isRepository = line.at(-1) === SLASH[0];
  return { name: line.subarray(2, isRepository ? -1 : undefined), isRepository };
}

function isFolder(workspace: string, path: Buffer): boolean {
  return statOf(workspace, path)?.isDirectory() ?? false;
}

/** Null: it is not there, or may not be looked at. Links are not followed. */
export function statOf(workspace: string, path: Buffer): Stats | null {
  try {
    return lstatSync(inWorkspace(workspace, path), { throwIfNoEntry: false }) ?? null;
  } catch {
    return null;
  }
}

export function inWorkspace(workspace: string, path: Buffer): Buffer {
  return Buffer.concat([Buffer.from(workspace), SLASH, path]);
}
