import { AgencyError } from "@agency/contract";
import type { CheckpointFile, CheckpointFileList, Task } from "@agency/contract";
import type { RepositoryObjects } from "@agency/core";
import { getTask } from "../tasks/manage-task.ts";
import type { FileQuery } from "./archived-files.ts";
import type { StandingFile } from "./checkpoint-list.ts";
import type { CheckpointLists, ListedCheckpoint } from "./checkpoint-lists.ts";
import { locateCheckpoint } from "./download-checkpoint.ts";
import type { DownloadCheckpointDeps } from "./download-checkpoint.ts";
import { BadObjectError, TooLargeError } from "./pack-object.ts";
import { MAX_FILE_BYTES, openPackedFile } from "./packed-file.ts";
import type { Packed, PackedFile } from "./packed-file.ts";
import { readPart, within } from "./read-within.ts";
import type { FileLanes } from "./reading-lanes.ts";
import { SEND_MS, sendWithin } from "./send-within.ts";

/** What does not get smaller is a little larger packed. */
const MAX_PACKED_BYTES = MAX_FILE_BYTES + 1024 * 1024;
const CHECK_MS = 60_000;

export interface CheckpointFileDeps extends DownloadCheckpointDeps {
  lists: CheckpointLists;
  lanes: FileLanes;
  /** Null: the server keeps no mirrors. */
  objects: RepositoryObjects | null;
}

interface FoundFile {
  name: string;
  bytes: number;
  open: () => Promise<ReadableStream<Uint8Array>>;
}

/** The files of the workspace as they were at a checkpoint, by path. */
export async function listCheckpointFiles(
  deps: CheckpointFileDeps,
  accountId: string,
  id: string,
  number: number,
  { prefix, after, limit }: FileQuery,
): Promise<CheckpointFileList> {
  const { entries, base, truncated } = (await open(deps, accountId, id, number)).listed;
  const wanted = entries.filter(
    ({ path }) => path.startsWith(prefix) && (after === undefined || path > after),
  );
  const page = wanted.slice(0, limit);
  return {
    files: page.flatMap((entry) => (entry.change === "deleted" ? [] : [toFile(entry)])),
    deleted: page.flatMap(({ path, change }) => (change === "deleted" ? [path] : [])),
    base,
    truncated,
    nextAfter: wanted.length > limit ? (page.at(-1)?.path ?? null) : null,
  };
}

/**
 * One file as it was at a checkpoint: checked against the name git gave its content before the first byte is given, for
 * as long as whoever wants it has not `gone`.
 */
export async function readCheckpointFile(
  deps: CheckpointFileDeps,
  accountId: string,
  id: string,
  number: number,
  path: string,
  gone?: AbortSignal,
): Promise<FoundFile> {
  const { task, stored, listed } = await open(deps, accountId, id, number);
  const entry = listed.entries.find((one) => one.path === path);
  if (entry === undefined || entry.change === "deleted")
    throw new AgencyError("not_found", `Checkpoint ${number} of task ${id} has no file of this path.`);
  if (entry.kind !== "file") throw wholeInstead("This is not a file.");
  const [packed, ...others] = pairsOf(entry.places).map((place) => packedAt(deps, stored.key, listed, place));
  if (packed === undefined) return fromRepository(deps, accountId, task, entry, listed.base);
  const leave = deps.lanes.check(accountId);
  try {
    const check = (signal: AbortSignal) => openPackedFile(entry.object, packed, others, signal);
    const checked = await within(CHECK_MS, check, gone);
    return { name: path, bytes: checked.bytes, open: async () => send(deps, accountId, checked) };
  } catch (error) {
    if (error instanceof TooLargeError) throw tooLarge();
    throw error instanceof BadObjectError ? unfit(error.message) : error;
  } finally {
    leave();
  }
}

function send(
  { lanes }: CheckpointFileDeps,
  accountId: string,
  file: PackedFile,
): ReadableStream<Uint8Array> {
  const leave = lanes.send(accountId);
  const over = new AbortController();
  return sendWithin(SEND_MS, file.open(over.signal), () => {
    leave();
    over.abort();
  });
}

async function open(deps: CheckpointFileDeps, accountId: string, id: string, number: number) {
  const task = await getTask(deps, accountId, id);
  const stored = await locateCheckpoint(deps, id, number);
  const listed = number === 0 ? null : await deps.lists(accountId, stored);
  if (listed === null) throw noList(id, number);
  return { task, stored, listed };
}

/** The bytes of one object of the pack. The place was told by a sandbox: it must lie in the bundle. */
function packedAt(
  { storage }: CheckpointFileDeps,
  key: string,
  { bundle }: ListedCheckpoint,
  [offset, length]: readonly [number, number],
): Packed {
  if (length > MAX_PACKED_BYTES) throw tooLarge();
  if (offset + length > bundle.bytes) throw unfit("lies outside");
  const from = bundle.start + offset;
  return (signal) => readPart(storage, key, { from, to: from + length }, signal);
}

function pairsOf(places: readonly number[]): [number, number][] {
  return places.flatMap((from, at) => (at % 2 === 0 ? [[from, places[at + 1] ?? 0]] : []));
}

/** What the bundle leaves out is in the history of the repository, under the same name. */
async function fromRepository(
  { objects }: CheckpointFileDeps,
  accountId: string,
  { repository }: Task,
  { path, object, change }: StandingFile,
  base: string | null,
): Promise<FoundFile> {
  const blob =
    repository === null ? null : ((await objects?.blob(accountId, repository.url, object)) ?? null);
  if (blob !== null && blob.bytes > MAX_FILE_BYTES) throw tooLarge();
  if (blob !== null) return { name: path, bytes: blob.bytes, open: async () => blob.open() };
  const asIn = change === undefined && base !== null ? `as in commit ${base} of` : "from the history of";
  throw new AgencyError(
    "conflict",
    `This file is ${asIn} the repository, and the server has no copy of that.`,
    { next: `In a clone of the repository, \`git cat-file blob ${object}\` prints it.` },
  );
}

function toFile({ path, kind, bytes, mode, target, change }: StandingFile): CheckpointFile {
  return {
    path,
    kind,
    mode,
    ...(bytes === undefined ? {} : { bytes }),
    ...(target === undefined ? {} : { target }),
    ...(change === undefined ? {} : { change }),
  };
}

function noList(id: string, number: number): AgencyError {
  return number === 0
    ? new AgencyError("conflict", "What was uploaded comes without a list of its files.", {
        next: "They are in the folder it was made of; checkpoints made since have a list.",
      })
    : new AgencyError("conflict", `Checkpoint ${number} of task ${id} holds no list of its files.`, {
        next: `It is of an older version. Go on from it with \`agency resume ${id} --from ${number}\`, or download it whole.`,
      });
}

const tooLarge = () => wholeInstead("This file is too large to be unpacked here.");
const unfit = (why: string) =>
  wholeInstead(`The list of this checkpoint's files does not fit it: what it names for this file ${why}.`);

function wholeInstead(problem: string): AgencyError {
  return new AgencyError("conflict", problem, { next: "Download the whole checkpoint instead." });
}
