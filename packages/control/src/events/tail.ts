import type { TaskEvent } from "@agency/contract";
import type { EventStore } from "@agency/core";
import { createPageSize, isLastPage, MOST_PAGE_BYTES } from "./page-size.ts";
import type { PageSize } from "./page-size.ts";
import type { Wakeup } from "./wakeups.ts";

/** More than this waiting for one reader, and it is sent back to the database instead. */
const MAX_BUFFERED = 1_000;
/** The same in characters: the most that is read at a time. */
const MAX_BUFFERED_CHARS = MOST_PAGE_BYTES;

export interface Subscription {
  /** From here on every new event is either handed out or answered with `behind`. */
  readonly ready: Promise<void>;
  next(): Promise<TaskEvent[] | "behind" | "closed">;
  close(): void;
}

export interface Tail {
  subscribe(): Subscription;
}

interface Reader {
  buffer: TaskEvent[];
  chars: number;
  behind: boolean;
  closed: boolean;
  wake: () => void;
}

interface TailDeps {
  events: EventStore;
  taskId: string;
  wakeup: Wakeup;
  /** No more readers are taken. May be called twice. */
  onEnd: () => void;
}

/** Reads a task's new events once per wake-up and hands them to every subscriber; ends with the last one. */
export function createTail(deps: TailDeps): Tail {
  const readers = new Set<Reader>();
  const started = Promise.withResolvers<void>();
  let running = false;
  const leave = (reader: Reader) => {
    readers.delete(reader);
    if (readers.size > 0) return;
    // At once, so that nobody subscribes to a tail that is about to end.
    deps.onEnd();
    deps.wakeup.close();
  };
  return {
    subscribe() {
      const reader: Reader = { buffer: [], chars: 0, behind: false, closed: false, wake: () => {} };
      readers.add(reader);
      if (!running) void run(deps, readers, started.resolve);
      running = true;
      return subscription(reader, started.promise, leave);
    },
  };
}

async function run(deps: TailDeps, readers: Set<Reader>, onStarted: () => void): Promise<void> {
  try {
    const size = createPageSize();
    let seq = (await deps.events.read(deps.taskId, Number.MAX_SAFE_INTEGER, 1)).lastSeq;
    onStarted();
    while (readers.size > 0) {
      const woken = deps.wakeup.next();
      seq = await pump(deps, readers, size, seq);
      await woken;
    }
  } catch {
    // The database went away: every reader goes back to reading, and meets the error there.
    deps.onEnd();
    for (const reader of readers) markBehind(reader);
  } finally {
    onStarted();
    deps.wakeup.close();
    deps.onEnd();
  }
}

async function pump(
  deps: TailDeps,
  readers: ReadonlySet<Reader>,
  size: PageSize,
  from: number,
): Promise<number> {
  let seq = from;
  for (;;) {
    const page = await deps.events.read(deps.taskId, seq, size.events, undefined, {
      mostBytes: MOST_PAGE_BYTES,
    });
    const chars = size.saw(page.events);
    for (const reader of readers) push(reader, page.events, chars);
    seq = page.events.at(-1)?.seq ?? seq;
    if (isLastPage(page)) return seq;
  }
}

function push(reader: Reader, events: TaskEvent[], chars: number): void {
  if (events.length === 0 || reader.behind) return;
  // One that has taken everything gets the page: it is no larger than that by much, and all readers share its events.
  const isTooMuch =
    reader.buffer.length + events.length > MAX_BUFFERED ||
    (reader.chars > 0 && reader.chars + chars > MAX_BUFFERED_CHARS);
  if (isTooMuch) return markBehind(reader);
  reader.buffer.push(...events);
  reader.chars += chars;
  reader.wake();
}

function markBehind(reader: Reader): void {
  reader.behind = true;
  empty(reader);
  reader.wake();
}

function empty(reader: Reader): TaskEvent[] {
  const events = reader.buffer;
  reader.buffer = [];
  reader.chars = 0;
  return events;
}

function subscription(reader: Reader, ready: Promise<void>, leave: (reader: Reader) => void): Subscription {
  return {
    ready,
    async next() {
      while (reader.buffer.length === 0 && !reader.behind && !reader.closed) {
        await new Promise<void>((resolve) => (reader.wake = resolve));
      }
      if (reader.closed) return "closed";
      if (!reader.behind) return empty(reader);
      reader.behind = false;
      return "behind";
    },
    close() {
      if (reader.closed) return;
      reader.closed = true;
      leave(reader);
      reader.wake();
    },
  };
}
