import { api } from "../../lib/api.ts";
import { keepFollowing } from "../../lib/keep-following.ts";
import { breathe, untilVisible, wait, whenHidden } from "../../lib/surroundings.ts";
import type { RunStore } from "./run-store.ts";

/** Longest stretch of work between two chances for the browser to answer its user. */
const SLICE_MS = 8;

export type RunConnection = "connecting" | "live" | "reconnecting" | "paused";

/** Feeds the store until the run is over: from where it is, without a gap, whatever happens on the way. */
export async function followRun(
  id: string,
  store: RunStore,
  signal: AbortSignal,
  onConnection: (connection: RunConnection) => void,
): Promise<void> {
  const follow = async (inner: AbortSignal, heard: () => void) => {
    let since = performance.now();
    const events = api.events(id, {
      after: newest(store),
      signal: inner,
      onState: (state) => {
        if (state.state === "purged") store.purged(state.firstSeq);
        else onConnection(state.state);
      },
    });
    for await (const event of events) {
      store.add(event);
      heard();
      if (performance.now() - since < SLICE_MS) continue;
      await breathe();
      since = performance.now();
    }
    if (!inner.aborted) store.end();
    else if (!signal.aborted) onConnection("paused");
  };
  await keepFollowing(follow, signal, { untilVisible, wait, whenHidden }, () => onConnection("reconnecting"));
}

/** Of what was taken in, not of what was shown: the last look may be a frame old. */
function newest(store: RunStore): number {
  return store.view().events.at(-1)?.seq ?? 0;
}
