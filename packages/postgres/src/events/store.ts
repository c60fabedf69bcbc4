import type { AppendResult, Clock, EventAppend, EventStore } from "@agency/core";
import { isAgencyError } from "@agency/contract";
import type { Database } from "../database.ts";
import { appendEncoded, encodeBatch } from "./append.ts";
import type { EncodedBatch } from "./append.ts";
import { readEvents } from "./read.ts";

/**
 * Flushes at most this often. NOTIFY takes a database-wide lock at commit: one flush for everybody
 * keeps it below 100 commits a second where a commit a batch saturates at about 1,900.
 */
const FLUSH_EVERY_MS = 10;
/** One statement's worth of text. A batch that is larger by itself goes alone. */
const FLUSH_MAX_CHARS = 4 * 1024 * 1024;

interface Waiting {
  batch: EncodedBatch;
  resolve: (result: AppendResult) => void;
  reject: (error: unknown) => void;
}

/** Many callers, one statement in flight: what arrives meanwhile goes with the next one. */
export function createEventStore(db: Database, clock: Clock): EventStore {
  let waiting: Waiting[] = [];
  let flushing = false;
  let nextFlushAt = 0;

  const loop = async () => {
    flushing = true;
    while (waiting.length > 0) {
      const early = nextFlushAt - clock.now();
      if (early > 0) await clock.sleep(early);
      nextFlushAt = clock.now() + FLUSH_EVERY_MS;
      const { now, later } = nextFlush(waiting);
      waiting = later;
      await flush(db, now);
    }
    flushing = false;
  };

  return {
    append: (batch: EventAppend) =>
      new Promise((resolve, reject) => {
        waiting.push({ batch: encodeBatch(batch), resolve, reject });
        if (!flushing) void loop();
      }),
    read: (taskId, after, limit, types) => readEvents(db, taskId, after, limit, types),
  };
}

/** A task's second batch must wait for the first one's numbers. */
function nextFlush(waiting: readonly Waiting[]): { now: Waiting[]; later: Waiting[] } {
  const seen = new Set<string>();
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
