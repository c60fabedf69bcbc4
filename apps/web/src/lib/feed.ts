import { isAgencyError } from "@agency/contract";
import type { FeedTotals, FeedUpdate, TaskSummary } from "@agency/contract";
import { firstApi, renewSession } from "./first-api.ts";
import { connection } from "./connection.ts";
import { applyUpdate, takeEach } from "./feed-state.ts";
import type { FeedTasks } from "./feed-state.ts";
import { keepFollowing } from "./keep-following.ts";
import { createStore } from "./store.ts";
import type { Store } from "./store.ts";
import { untilVisible, wait, whenHidden } from "./surroundings.ts";

export interface Feed {
  tasks: readonly TaskSummary[];
  totals: FeedTotals;
  truncated: boolean;
}

/** Null until the first snapshot is here. */
export const feed: Store<Feed | null> = createStore<Feed | null>(null);
export const feedFailure: Store<unknown> = createStore<unknown>(null);

/** One stream for the whole page, for as long as somebody is signed in. */
export async function followFeed(signal: AbortSignal): Promise<void> {
  const known: FeedTasks = new Map();
  const onState = ({ state }: { state: "live" | "reconnecting" }) => {
    const before = connection.get();
    connection.set(state);
    // While nobody listened the session may have become another one.
    if (state === "live" && (before === "reconnecting" || before === "paused")) void renewSession();
  };
  const follow = async (inner: AbortSignal, heard: () => void) => {
    const updates = firstApi.feed({ signal: inner, onState });
    await takeEach(updates, (update) => take(known, update), heard);
    if (inner.aborted && !signal.aborted) connection.set("paused");
  };
  feedFailure.set(null);
  try {
    await keepFollowing(follow, signal, { untilVisible, wait, whenHidden }, (error) => {
      connection.set("reconnecting");
      // It is tried again all the same, but only a person can cure a page older than its server.
      if (isAgencyError(error) && error.code === "upstream_failed") feedFailure.set(error);
    });
  } catch (error) {
    connection.set("reconnecting");
    feedFailure.set(error);
  }
}

function take(known: FeedTasks, update: FeedUpdate): void {
  const before = feed.get();
  const truncated = update.type === "snapshot" ? update.truncated : (before?.truncated ?? false);
  feed.set({ tasks: applyUpdate(known, update, Date.now()), totals: update.totals, truncated });
  feedFailure.set(null);
}
