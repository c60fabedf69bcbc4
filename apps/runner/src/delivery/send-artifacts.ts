import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdir, rm, stat, writeFile } from "node:fs/promises";
import { extname, join } from "node:path";
import { artifactNameSchema } from "@agency/contract";
import type { BlobHeader } from "@agency/contract";
import type { Recorder } from "../journal/recorder.ts";
import { gitProblem } from "../workspace/git.ts";
import type { Git } from "../workspace/git.ts";
import { listWorkspace } from "./archive/list-workspace.ts";
import type { Listed } from "./archive/list-workspace.ts";
import { walkWorkspace } from "./archive/walk-workspace.ts";
import { writeArchive } from "./archive/write-archive.ts";
import { copyPlainFile } from "./copy-file.ts";
import { findFiles } from "./find-files.ts";
import type { FindLimits } from "./find-files.ts";

const GIB = 1024 ** 3;
const MIB = 1024 ** 2;
const ARCHIVE = { maxBytes: 2 * GIB, maxFiles: 200_000 };
const NAMED: FindLimits = { files: 1000, bytes: 2 * GIB, fileBytes: 2 * GIB };
const SCREENSHOTS: FindLimits = { files: 100, bytes: 2 * GIB, fileBytes: 20 * MIB };
const PICTURES = ["png", "jpg", "jpeg", "webp"].map((end) => `.agency/screenshots/**/*.${end}`);
const PATCH_MS = 5 * 60_000;
const MOST_NAMED = 5;
export const ARCHIVE_NAME = "workspace.tar.zst";

const MEDIA_TYPES: Readonly<Record<string, string>> = {
  ".png": "image/png",
  ".jpg": "image/jpeg",
  ".jpeg": "image/jpeg",
  ".webp": "image/webp",
  ".log": "text/plain; charset=utf-8",
  ".json": "application/json",
};

/** Stores one file outside the sandbox and tries until it is taken or refused; what went wrong, or null. */
export type StoreFile = (header: BlobHeader, path: string) => Promise<string | null>;

export interface ArtifactsOptions {
  recorder: Recorder;
  git: Git;
  workspace: string;
  scratch: string;
  store: StoreFile;
  signal: AbortSignal;
  now: () => number;
}

/** The commit, and git where it is. */
export interface WorkCommit {
  readonly git: Git;
  readonly base: string;
  readonly commit: string;
}

/** The workspace and, when there is a commit, every change in it. What went wrong, or null. */
export async function sendWorkspace(
  options: ArtifactsOptions,
  work: WorkCommit | null,
): Promise<string | null> {
  // One failing does not lose the other.
  const patch = work === null ? null : await attempt(() => sendPatch(options, work));
  return together([patch, await attempt(() => sendArchive(options))]);
}

/** Files asked for by name, and pictures the agent took. */
export async function sendFiles(
  options: ArtifactsOptions,
  patterns: readonly string[],
): Promise<string | null> {
  const named = await sendFound(options, "file", patterns, NAMED);
  const pictures = await sendFound(options, "screenshot", PICTURES, SCREENSHOTS);
  return together([named, pictures]);
}

/** As a blob, with an event that tells of it. */
export async function sendFile(
  options: Pick<ArtifactsOptions, "recorder" | "store">,
  kind: BlobHeader["kind"],
  name: string,
  path: string,
): Promise<string | null> {
  const facts = await digest(path);
  return sendKnown(options, { kind, name, ...facts, mediaType: mediaTypeOf(name) }, path);
}

async function sendKnown(
  { recorder, store }: Pick<ArtifactsOptions, "recorder" | "store">,
  header: BlobHeader,
  path: string,
): Promise<string | null> {
  const problem = await store(header, path);
  if (problem !== null) return `${header.name} could not be stored: ${problem}`;
  const { name, bytes, mediaType, kind } = header;
  if (kind !== "manifest") await recorder.record({ type: "artifact", data: { name, bytes, mediaType } });
  return null;
}

async function sendPatch(
  options: ArtifactsOptions,
  { git, base, commit }: WorkCommit,
): Promise<string | null> {
  const { scratch, signal } = options;
  const path = join(scratch, "changes.patch");
  const prefixes = ["--src-prefix=a/", "--dst-prefix=b/", "--no-color", "--no-ext-diff", "--no-textconv"];
  const what = [
    "diff-tree",
    "-r",
    "--ignore-submodules=none",
    "-p",
    "--binary",
    "--full-index",
    "--find-renames",
    ...prefixes,
  ];
  const env = { GIT_NO_REPLACE_OBJECTS: "1" };
  const made = await git([...what, `--output=${path}`, base, commit], { timeoutMs: PATCH_MS, signal, env });
  const problem = gitProblem("The patch", made);
  try {
    return problem ?? (await sendFile(options, "patch", "changes.patch", path));
  } finally {
    await rm(path, { force: true });
  }
}

async function sendArchive(options: ArtifactsOptions): Promise<string | null> {
  const { recorder, workspace, scratch, signal, now } = options;
  const { paths, complete } = await listOrWalk(options);
  const to = join(scratch, ARCHIVE_NAME);
  const index = `${to}.json`;
  try {
    const made = await writeArchive({ workspace, paths, complete, to, signal, now: now(), ...ARCHIVE });
    const { bytes, sha256, manifest, leftOut } = made;
    if (leftOut.length > 0) {
      const text = `The archive leaves out ${leftOut.length} of the workspace: ${leftOut.slice(0, MOST_NAMED).join("; ")}.`;
      await recorder.record({ type: "notice", data: { level: "warn", text } });
    }
    await writeFile(index, JSON.stringify(manifest));
    const mediaType = "application/zstd";
    // First the archive: a manifest of one that is not there would promise files.
    return (
      (await sendKnown(options, { kind: "archive", name: ARCHIVE_NAME, bytes, sha256, mediaType }, to)) ??
      (await sendFile(options, "manifest", `${ARCHIVE_NAME}.json`, index))
    );
  } finally {
    for (const path of [to, index]) await rm(path, { force: true });
  }
}

/** Without git there is nothing that says what to ignore: better all of it than nothing. */
async function listOrWalk({ git, workspace, signal, recorder }: ArtifactsOptions): Promise<Listed> {
  const listing = await listWorkspace(git, workspace, signal);
  if (listing.ok) return listing;
  const text = `${listing.problem}\nThe archive holds every file, also what git would ignore.`;
  await recorder.record({ type: "notice", data: { level: "warn", text } });
  return walkWorkspace(workspace, signal);
}

async function sendFound(
  options: ArtifactsOptions,
  kind: "file" | "screenshot",
  patterns: readonly string[],
  limits: FindLimits,
): Promise<string | null> {
  if (patterns.length === 0) return null;
  const { workspace, signal, scratch } = options;
  const { files, leftOut } = await findFiles(workspace, patterns, limits, signal);
  const problems = leftOut === null ? [] : [leftOut];
  if (files.length === 0 && kind === "file") problems.push(`Nothing matches ${patterns.join(", ")}`);
  const folder = join(scratch, "outgoing");
  await mkdir(folder, { recursive: true });
  for (const { path } of files) {
    if (signal.aborted) return [...problems, "there was no time to store every file"].join("; ");
    problems.push(...(await sendCopy(options, kind, path, join(folder, "file"))));
  }
  return problems.length === 0 ? null : problems.slice(0, MOST_NAMED).join("; ");
}

/** A copy is sent: what a process of the agent still writes to would not match its checksum. */
async function sendCopy(
  options: ArtifactsOptions,
  kind: "file" | "screenshot",
  name: string,
  copy: string,
): Promise<string[]> {
  if (!artifactNameSchema.safeParse(name).success) return [`${JSON.stringify(name)} cannot be a name`];
  try {
    const facts = await copyPlainFile(join(options.workspace, name), copy);
    if (facts === null) return [`${JSON.stringify(name)} cannot be read`];
    const problem = await sendKnown(options, { kind, name, ...facts, mediaType: mediaTypeOf(name) }, copy);
    return problem === null ? [] : [problem];
  } catch (error) {
    return [`${JSON.stringify(name)} cannot be copied (${messageOf(error)})`];
  } finally {
    await rm(copy, { force: true });
  }
}

async function digest(path: string): Promise<{ bytes: number; sha256: string }> {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return { bytes: (await stat(path)).size, sha256: hash.digest("hex") };
}

function together(problems: readonly (string | null)[]): string | null {
  return problems.filter((problem) => problem !== null).join("\n") || null;
}

async function attempt(step: () => Promise<string | null>): Promise<string | null> {
  return step().catch((error: unknown) => messageOf(error));
}

function mediaTypeOf(name: string): string {
  return MEDIA_TYPES[extname(name).toLowerCase()] ?? "application/octet-stream";
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
