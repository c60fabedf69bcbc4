import type { AppendResult, Clock, EventAppend, EventStore } from "@agency/core";
import type { Database } from "../database.ts";
import { appendEvents } from "./append.ts";
import { readEvents } from "./read.ts";

/**
 * Flushes at most this often. NOTIFY takes a database-wide lock at commit: one flush for everybody
 * keeps it below 100 commits a second where a commit a batch saturates at about 1,900.
 */
const FLUSH_EVERY_MS = 10;

interface Waiting {
  batch: EventAppend;
  resolve: (result: AppendResult) => void;
  reject: (error: unknown) => void;
}

/** Many callers, one statement in flight: what arrives meanwhile goes with the next one. */
export function createEventStore(db: Database, clock: Clock): EventStore {
  let waiting: Waiting[] = [];
  let flushing = false;
  let lastFlushAt = 0;

  const loop = async () => {
    flushing = true;
    while (waiting.length > 0) {
      const early = lastFlushAt + FLUSH_EVERY_MS - clock.now();
      if (early > 0) await clock.sleep(early);
      lastFlushAt = clock.now();
      const { now, later } = onePerTask(waiting);
      waiting = later;
      await flush(db, now);
    }
    flushing = false;
  };

  return {
    append: (batch) =>
      new Promise((resolve, reject) => {
        waiting.push({ batch, resolve, reject });
        if (!flushing) void loop();
      }),
    read: (taskId, after, limit, types) => readEvents(db, taskId, after, limit, types),
  };
}

/** A task's second batch must wait for the first one's numbers. */
function onePerTask(waiting: readonly Waiting[]): { now: Waiting[]; later: Waiting[] } {
  const seen = new Set<string>();
  const now: Waiting[] = [];
  const later: Waiting[] = [];
  for (const item of waiting) {
    (seen.has(item.batch.taskId) ? later : now).push(item);
    seen.add(item.batch.taskId);
  }
  return { now, later };
}

async function flush(db: Database, items: readonly Waiting[]): Promise<void> {
  try {
    const results = await appendEvents(
      db,
      items.map((item) => item.batch),
    );
    items.forEach((item, i) => {
      const result = results[i];
      if (result) item.resolve(result);
    });
  } catch (error) {
    if (items.length > 1) {
      // One task's trouble must not cost the others their events.
      for (const item of items) await flush(db, [item]);
      return;
    }
    for (const item of items) item.reject(error);
  }
}
