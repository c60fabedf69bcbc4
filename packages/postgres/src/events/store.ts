import type { AppendResult, Clock, EventAppend, EventRows } from "@agency/core";
import { isAgencyError } from "@agency/contract";
import type { Database } from "../database.ts";
import { appendEncoded, encodeBatch } from "./append.ts";
import type { EncodedBatch } from "./append.ts";
import { readEvents } from "./read.ts";

/**
 * NOTIFY takes a database-wide lock at commit: one flush for everybody keeps it below 100 commits a second
 * where a commit a batch saturates at about 1,900.
 */
const FLUSH_EVERY_MS = 10;
/** Some 600 lines of a log. Writing as much takes longer than the pause, which then holds nobody back but us. */
const FULL_CHARS = 256 * 1024;
/** Of different tasks: one connection alone left a core of two waiting (33 % of a raw insert, 45 % with two). */
const FLUSHES_AT_ONCE = 2;
/** One statement's worth of text. A batch that is larger by itself goes alone. */
const FLUSH_MAX_CHARS = 4 * 1024 * 1024;

interface Waiting {
  batch: EncodedBatch;
  resolve: (result: AppendResult) => void;
  reject: (error: unknown) => void;
}

/** Many callers, few statements in flight: what arrives meanwhile goes with the next one. */
export function createEventStore(db: Database, clock: Clock): EventRows {
  let waiting: Waiting[] = [];
  const inFlight = new Set<string>();
  let flushes = 0;
  let nextFlushAt = 0;
  let pause: AbortController | null = null;

  const isDue = () => flushes < FLUSHES_AT_ONCE && waiting.some(({ batch }) => !inFlight.has(batch.taskId));
  const isFull = () => waiting.reduce((chars, { batch }) => chars + batch.json.length, 0) >= FULL_CHARS;

  const pump = async () => {
    if (pause !== null) {
      if (isFull()) pause.abort();
      return;
    }
    while (isDue()) {
      const early = isFull() ? 0 : nextFlushAt - clock.now();
      if (early > 0) {
        pause = new AbortController();
        await clock.sleep(early, pause.signal);
        pause = null;
      }
      nextFlushAt = clock.now() + FLUSH_EVERY_MS;
      const { now, later } = nextFlush(waiting, inFlight);
      waiting = later;
      void send(now);
    }
  };

  const send = async (items: readonly Waiting[]) => {
    flushes += 1;
    for (const { batch } of items) inFlight.add(batch.taskId);
    await flush(db, items);
    for (const { batch } of items) inFlight.delete(batch.taskId);
    flushes -= 1;
    void pump();
  };

  return {
    append: (batch: EventAppend) =>
      new Promise((resolve, reject) => {
        waiting.push({ batch: encodeBatch(batch), resolve, reject });
        void pump();
      }),
    read: (...given) => readEvents(db, ...given),
  };
}

/** A task's second batch must wait for the first one's numbers. */
function nextFlush(
  waiting: readonly Waiting[],
  inFlight: ReadonlySet<string>,
): { now: Waiting[]; later: Waiting[] } {
  const seen = new Set(inFlight);
  const now: Waiting[] = [];
  const later: Waiting[] = [];
  let room = FLUSH_MAX_CHARS;
  for (const item of waiting) {
    const { taskId, json } = item.batch;
    const fits = now.length === 0 || json.length <= room;
    if (fits && !seen.has(taskId)) {
      now.push(item);
      room -= json.length;
    } else {
      later.push(item);
    }
    seen.add(taskId);
  }
  return { now, later };
}

async function flush(db: Database, items: readonly Waiting[]): Promise<void> {
  try {
    const results = await appendEncoded(
      db,
      items.map((item) => item.batch),
    );
    for (const [i, result] of results.entries()) items[i]?.resolve(result);
  } catch (error) {
    if (items.length === 1 || isAgencyError(error)) {
      for (const item of items) item.reject(error);
      return;
    }
    // One task's trouble must not cost the others their events.
    for (const item of items) await flush(db, [item]);
  }
}
