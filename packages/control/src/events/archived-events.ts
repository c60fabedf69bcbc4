import type { EventType, TaskEvent } from "@agency/contract";
import type {
  EventArchive,
  EventReading,
  EventRows,
  EventSegment,
  EventStore,
  RowPage,
  Storage,
} from "@agency/core";
import { damaged, unpackSegment } from "./segment-file.ts";

/** About 2 MiB of text each: whoever reads a log reads on in the same one. */
const MOST_CACHED = 4;

interface OpenSegment {
  segment: EventSegment;
  lines: Promise<string[]>;
}

export interface ArchivedEventsDeps {
  rows: EventRows;
  archive: Pick<EventArchive, "segmentAfter">;
  storage: Pick<Storage, "get">;
}

/**
 * The log as if every event were still in its row: what has moved to storage is read from there. Each turn asks the
 * rows first how far the log has moved, so that events on their way are found in one place or the other.
 */
export function createArchivedEvents(deps: ArchivedEventsDeps): EventStore {
  const cache = new Map<string, OpenSegment>();
  const open = (segment: EventSegment): OpenSegment => {
    const opened = { segment, lines: readLines(deps.storage, segment) };
    const [oldest] = cache.keys();
    if (cache.size >= MOST_CACHED && oldest !== undefined) cache.delete(oldest);
    cache.set(segment.key, opened);
    opened.lines.catch(() => cache.delete(segment.key));
    return opened;
  };
  const find = async (taskId: string, after: number, types?: readonly EventType[]) => {
    for (const known of cache.values()) {
      const { taskId: own, firstSeq, lastSeq } = known.segment;
      if (own === taskId && firstSeq <= after + 1 && after < lastSeq) return touched(cache, known);
    }
    const segment = await deps.archive.segmentAfter(taskId, after, types);
    return segment === null ? null : open(segment);
  };
  return {
    append: (batch) => deps.rows.append(batch),
    read: (taskId, after, limit, types, reading = {}) =>
      reading.by === undefined
        ? read(deps.rows, find, { taskId, after, limit, types, ...reading })
        : // Asked of tasks that are alive: none of their events has moved yet.
          deps.rows.read(taskId, after, limit, types, reading),
  };
}

interface Wanted {
  taskId: string;
  after: number;
  limit: number;
  types: readonly EventType[] | undefined;
  mostBytes?: number;
}

/** What was taken so far, and how much more fits. */
interface Taken {
  readonly events: TaskEvent[];
  left: number;
  room: number;
}

type Find = (taskId: string, after: number, types?: readonly EventType[]) => Promise<OpenSegment | null>;

async function read(rows: EventRows, find: Find, wanted: Wanted) {
  const { taskId, types } = wanted;
  const taken: Taken = { events: [], left: wanted.limit, room: wanted.mostBytes ?? Infinity };
  let at = wanted.after;
  /** Where no segment was found although one had to be there; it may have expired just then. */
  let lost: number | null = null;
  for (;;) {
    const page = await rows.read(taskId, at, taken.left, types, roomOf(taken));
    if (at >= page.archivedThrough) return answer(page, [...taken.events, ...page.events]);
    const opened = await find(taskId, at, types);
    if (opened === null) {
      if (types === undefined && lost === at) throw noSegment(taskId, at, page);
      lost = at;
      if (types !== undefined) at = page.archivedThrough;
      continue;
    }
    const { firstSeq, lastSeq } = opened.segment;
    if (types === undefined && firstSeq > at + 1)
      throw noSegment(taskId, at, { archivedThrough: firstSeq - 1 });
    take(taken, await opened.lines, { from: Math.max(at + 1 - firstSeq, 0), types });
    if (isFull(taken)) return answer(page, taken.events);
    at = lastSeq;
  }
}

function take(
  taken: Taken,
  lines: readonly string[],
  { from, types }: { from: number; types: readonly EventType[] | undefined },
): void {
  for (let i = from; i < lines.length && !isFull(taken); i += 1) {
    const line = lines[i] ?? "";
    // Our own words, behind a checksum.
    const event = JSON.parse(line) as TaskEvent;
    if (types !== undefined && !types.includes(event.type)) continue;
    taken.events.push(event);
    taken.left -= 1;
    taken.room -= line.length;
  }
}

const isFull = ({ left, room }: Taken): boolean => left <= 0 || room <= 0;

const roomOf = ({ room }: Taken): EventReading => (room === Infinity ? {} : { mostBytes: room });

/** Where the archive ends is nothing for whoever asked. */
function answer({ lastSeq, firstSeq, expiredAt }: RowPage, events: TaskEvent[]) {
  return { events, lastSeq, firstSeq, ...(expiredAt === undefined ? {} : { expiredAt }) };
}

async function readLines(storage: Pick<Storage, "get">, segment: EventSegment): Promise<string[]> {
  return unpackSegment(segment, await storage.get(segment.key));
}

function touched(cache: Map<string, OpenSegment>, known: OpenSegment): OpenSegment {
  cache.delete(known.segment.key);
  cache.set(known.segment.key, known);
  return known;
}

function noSegment(taskId: string, after: number, { archivedThrough }: Pick<RowPage, "archivedThrough">) {
  const about = { taskId, firstSeq: after + 1, lastSeq: archivedThrough, key: `tasks/${taskId}/segments` };
  return damaged(about, "no row names it");
}
