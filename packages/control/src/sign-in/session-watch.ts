import type { ApiKeyStore, Clock, SessionStore } from "@agency/core";
import { isOver } from "./judge-session.ts";

/** What was ended by another process is noticed within this. */
const LOOK_EVERY_MS = 2_000;

export interface WatchedSession {
  /** Aborts when the session, or the key, is no good any more. */
  readonly signal: AbortSignal;
  close(): void;
}

export interface SessionWatch {
  /** For what lasts longer than a request: a stream, a terminal. */
  watch(id: string): WatchedSession;
  end(ids: readonly string[]): void;
}

/** An open page counts as use. */
export function watchSessions(store: Pick<SessionStore, "present" | "touch">, clock: Clock): SessionWatch {
  return createWatch(clock, async (ids) => {
    const now = clock.now();
    const present = (await store.present(ids)).filter((session) => !isOver(session, now));
    const unseen = present.filter(({ seenAt }) => now - seenAt >= 60_000).map(({ id }) => id);
    if (unseen.length > 0) await store.touch(unseen, now);
    return present.map(({ id }) => id);
  });
}

export function watchApiKeys(store: Pick<ApiKeyStore, "find">, clock: Clock): SessionWatch {
  return createWatch(clock, async (ids) => {
    const records = await Promise.all(ids.map((id) => store.find(id)));
    return records.flatMap((record) => (record === null || record.revoked ? [] : [record.id]));
  });
}

/** One look every two seconds for all that is open together, and none while nothing is. */
function createWatch(
  clock: Clock,
  stillGood: (ids: readonly string[]) => Promise<readonly string[]>,
): SessionWatch {
  const open = new Map<string, Set<AbortController>>();
  let looking = false;
  const end = (ids: readonly string[]) => {
    for (const id of ids) for (const over of open.get(id) ?? []) over.abort();
  };
  const look = async () => {
    const ids = [...open.keys()];
    const good = new Set(await stillGood(ids));
    end(ids.filter((id) => !good.has(id)));
  };
  const keepLooking = async () => {
    if (looking) return;
    looking = true;
    while (open.size > 0) {
      await clock.sleep(LOOK_EVERY_MS);
      // A database that is away for a moment ends nobody's stream.
      if (open.size > 0) await look().catch(() => undefined);
    }
    looking = false;
  };
  return {
    end,
    watch(id) {
      const over = new AbortController();
      const mine = open.get(id) ?? new Set();
      open.set(id, mine.add(over));
      void keepLooking();
      return {
        signal: over.signal,
        close: () => {
          mine.delete(over);
          if (mine.size === 0 && open.get(id) === mine) open.delete(id);
        },
      };
    },
  };
}
