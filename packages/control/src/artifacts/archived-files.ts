import { AgencyError } from "@agency/contract";
import type { ArchivedFile } from "@agency/contract";
import type { BlobRow } from "@agency/core";
import { getTask } from "../tasks/manage-task.ts";
import type { ArtifactDeps } from "./artifacts.ts";
import { goneError } from "./expired.ts";
import type { ArchivedEntry, Manifests } from "./manifests.ts";
import type { FileLanes } from "./reading-lanes.ts";
import { SEND_MS, sendWithin } from "./send-within.ts";
import { unpackFile } from "./unpack-file.ts";

const MiB = 1024 * 1024;
/** More than that is downloaded with the archive: to unpack is our processor's time. */
const MAX_FILE_BYTES = 64 * MiB;
/** Small files share a frame of about 1 MiB with what is before them. */
const MAX_SKIP_BYTES = 8 * MiB;

export interface ArchivedFileDeps extends ArtifactDeps {
  manifests: Manifests;
  lanes: Pick<FileLanes, "send">;
}

export interface FileQuery {
  prefix: string;
  after?: string | undefined;
  limit: number;
}

export interface ArchivedFilePage {
  files: ArchivedFile[];
  truncated: boolean;
  nextAfter: string | null;
}

/** The files of the workspace as it was kept, by path. */
export async function listFiles(
  deps: ArchivedFileDeps,
  accountId: string,
  id: string,
  { prefix, after, limit }: FileQuery,
): Promise<ArchivedFilePage> {
  const { manifest } = await workspaceOf(deps, accountId, id);
  const { files, truncated } = await deps.manifests(manifest);
  const wanted = files.filter(({ path }) => path.startsWith(prefix) && (after === undefined || path > after));
  const page = wanted.slice(0, limit);
  const nextAfter = wanted.length > limit ? (page.at(-1)?.path ?? null) : null;
  return { files: page.map(toFile), truncated, nextAfter };
}

/** One file out of the archive, by unpacking no more than the frames it lies in. */
export async function readFile(
  deps: ArchivedFileDeps,
  accountId: string,
  id: string,
  path: string,
): Promise<{ name: string; bytes: number; open: () => Promise<ReadableStream<Uint8Array>> }> {
  const { manifest, archive } = await workspaceOf(deps, accountId, id);
  const entry = (await deps.manifests(manifest)).files.find((file) => file.path === path);
  if (entry === undefined) throw new AgencyError("not_found", `Task ${id} kept no file of this path.`);
  const problem = problemOf(entry, archive);
  if (problem !== null)
    throw new AgencyError("conflict", problem, { next: "Download the whole archive instead." });
  const open = async () => {
    const leave = deps.lanes.send(accountId);
    try {
      const { offset, length } = entry;
      const stored = await deps.storage.read(archive.key, { from: offset, to: offset + length });
      if (stored === null) throw new AgencyError("not_found", `The archive of task ${id} is no longer kept.`);
      return sendWithin(SEND_MS, unpackFile(stored.body, entry), leave);
    } catch (error) {
      leave();
      throw error;
    }
  };
  return { name: entry.path, bytes: entry.bytes, open };
}

/** What a runner wrote of itself: a place outside the archive, or a size to choke on, is a lie or an accident. */
function problemOf({ kind, bytes, offset, length, skip }: ArchivedEntry, archive: BlobRow): string | null {
  if (kind !== "file") return "This is not a file.";
  if (bytes > MAX_FILE_BYTES)
    return `This file is over ${MAX_FILE_BYTES} bytes, too large to be unpacked here.`;
  const isInside = skip <= MAX_SKIP_BYTES && offset + length <= archive.bytes;
  const isPlausible = isInside && length <= bytes + 2 * MAX_SKIP_BYTES && (length > 0 || bytes === 0);
  return isPlausible ? null : "The list of this task's files does not fit its archive.";
}

async function workspaceOf(
  deps: ArchivedFileDeps,
  accountId: string,
  id: string,
): Promise<{ manifest: BlobRow; archive: BlobRow }> {
  await getTask(deps, accountId, id);
  const blobs = await deps.artifacts.blobs(id);
  const manifest = blobs.findLast(({ kind }) => kind === "manifest");
  const archive = blobs.findLast(({ kind }) => kind === "archive");
  if (manifest !== undefined && archive !== undefined) {
    const gone = goneError(`The archive of task ${id}`, archive);
    if (gone !== null) throw gone;
    return { manifest, archive };
  }
  throw new AgencyError("not_found", `Task ${id} has no archive of its workspace.`, {
    next: "One is made at the end of a run, unless its delivery is `none`.",
  });
}

function toFile({ path, kind, bytes, mode, target }: ArchivedEntry): ArchivedFile {
  return { path, kind, bytes, mode, ...(target === undefined ? {} : { target }) };
}
