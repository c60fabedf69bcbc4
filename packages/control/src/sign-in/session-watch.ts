import type { Clock, SessionStore } from "@agency/core";
import { isOver } from "./judge-session.ts";

/** A session that was ended by another process is noticed within this. */
const LOOK_EVERY_MS = 2_000;

export interface WatchedSession {
  /** Aborts when the session has ended. */
  readonly signal: AbortSignal;
  close(): void;
}

export interface SessionWatch {
  /** For what lasts longer than a request: a stream, a terminal. */
  watch(sessionId: string): WatchedSession;
  end(sessionIds: readonly string[]): void;
}

/** One question to the database every two seconds for all open streams together, and none without a stream. */
export function createSessionWatch(
  store: Pick<SessionStore, "present" | "touch">,
  clock: Clock,
): SessionWatch {
  const open = new Map<string, Set<AbortController>>();
  let looking = false;
  const end = (ids: readonly string[]) => {
    for (const id of ids) for (const over of open.get(id) ?? []) over.abort();
  };
  const look = async () => {
    const ids = [...open.keys()];
    const now = clock.now();
    const present = (await store.present(ids)).filter((session) => !isOver(session, now));
    const live = new Set(present.map(({ id }) => id));
    end(ids.filter((id) => !live.has(id)));
    // An open page counts as use.
    const unseen = present.filter(({ seenAt }) => now - seenAt >= 60_000);
    if (unseen.length > 0)
      await store.touch(
        unseen.map(({ id }) => id),
        now,
      );
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
    watch(sessionId) {
      const over = new AbortController();
      const mine = open.get(sessionId) ?? new Set();
      open.set(sessionId, mine.add(over));
      void keepLooking();
      return {
        signal: over.signal,
        close: () => {
          mine.delete(over);
          if (mine.size === 0 && open.get(sessionId) === mine) open.delete(sessionId);
        },
      };
    },
  };
}
