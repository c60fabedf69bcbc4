import { randomUUID } from "node:crypto";
import type { TaskEvent } from "@agency/contract";
import type { EventArchive, EventRows, Storage } from "@agency/core";
import { isLastPage } from "./page-size.ts";
import { packSegment } from "./segment-file.ts";

const MiB = 1024 * 1024;
/** One page of the rows is read beyond it at most. */
const SEGMENT_BYTES = 2 * MiB;
const PAGE = 500;
const ROWS_AT_ONCE = 5_000;
const TASKS_AT_ONCE = 20;
const HOUR_MS = 3_600_000;

export interface ArchiveEventsDeps {
  rows: Pick<EventRows, "read">;
  archive: EventArchive;
  storage: Pick<Storage, "write">;
}

/** Moves the logs of tasks that ended before `before` to storage, oldest first; returns how many it settled. */
export async function archiveDue(
  deps: ArchiveEventsDeps,
  before: number,
  signal: AbortSignal,
): Promise<number> {
  let settled = 0;
  for (;;) {
    const ids = await deps.archive.due(before, TASKS_AT_ONCE);
    const ofRound = await archiveAll(deps, ids, signal);
    settled += ofRound.settled;
    if (ofRound.error !== null) throw ofRound.error;
    if (ids.length < TASKS_AT_ONCE || ofRound.settled === 0 || signal.aborted) return settled;
  }
}

/** One log that cannot be moved must not keep the others where they are. */
async function archiveAll(deps: ArchiveEventsDeps, ids: readonly string[], signal: AbortSignal) {
  let settled = 0;
  let error: unknown = null;
  for (const id of ids) {
    if (signal.aborted) break;
    try {
      if (await archiveTask(deps, id, signal)) settled += 1;
    } catch (thrown) {
      error ??= thrown;
    }
  }
  return { settled, error };
}

/**
 * Object, then row of the segment, then the events' own rows: dying in between leaves events where they were, or in
 * both places, of which readers know one. Going on is the same as starting.
 */
export async function archiveTask(
  deps: ArchiveEventsDeps,
  taskId: string,
  signal: AbortSignal,
): Promise<boolean> {
  for (;;) {
    if (signal.aborted) return false;
    const verdict = await archiveNext(deps, taskId);
    if (verdict === "overtaken") return false;
    if (verdict === "done") break;
  }
  while (!signal.aborted) {
    if ((await deps.archive.removeRows(taskId, ROWS_AT_ONCE)) === 0) return deps.archive.settle(taskId);
  }
  return false;
}

async function archiveNext(
  { rows, archive, storage }: ArchiveEventsDeps,
  taskId: string,
): Promise<"stored" | "done" | "overtaken"> {
  const events = await nextEvents(rows, taskId);
  const [first] = events;
  if (first === undefined) return "done";
  const types = new Set(events.map(({ type }) => type));
  const { body, facts } = await packSegment(
    events.map((event) => JSON.stringify(event)),
    { firstSeq: first.seq, types },
  );
  const { bytes, sha256 } = facts;
  const key = `tasks/${taskId}/segments/${facts.firstSeq}-${facts.lastSeq}-${randomUUID()}`;
  await archive.announce(key, HOUR_MS);
  await storage.write(key, once(body), { bytes, sha256, mediaType: "application/zstd" });
  return (await archive.add({ taskId, key, ...facts })) ? "stored" : "overtaken";
}

/** From where the last segment ended. */
async function nextEvents(rows: Pick<EventRows, "read">, taskId: string): Promise<TaskEvent[]> {
  const { archivedThrough } = await rows.read(taskId, Number.MAX_SAFE_INTEGER, 1);
  const events: TaskEvent[] = [];
  let chars = 0;
  while (chars < SEGMENT_BYTES) {
    const after = archivedThrough + events.length;
    const page = await rows.read(taskId, after, PAGE, undefined, { mostBytes: SEGMENT_BYTES });
    for (const event of page.events) {
      if (event.seq !== archivedThrough + events.length + 1)
        throw new Error(`event ${archivedThrough + events.length + 1} of task ${taskId} has no row`);
      events.push(event);
      chars += JSON.stringify(event).length;
      if (chars >= SEGMENT_BYTES) break;
    }
    if (isLastPage(page)) break;
  }
  return events;
}

async function* once(body: Uint8Array): AsyncGenerator<Uint8Array> {
  yield body;
}
