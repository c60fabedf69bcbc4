import type { Bus } from "@agency/core";
import { FeedHub } from "./hub.ts";
import type { HubDeps } from "./hub.ts";
import type { FeedFrame } from "./reader.ts";

export interface Feed {
  /** Every task of the account as it changes, until the signal aborts. `place`: the id of the last frame seen. */
  follow(accountId: string, place: string | null, signal: AbortSignal): AsyncGenerator<FeedFrame>;
}

/** Hears of every event on the bus, whichever process wrote it; idle as long as nobody watches. */
export function createFeed(deps: HubDeps & { bus: Bus }): Feed {
  const hubs = new Map<string, FeedHub>();
  deps.bus.onResync(() => hubs.forEach((hub) => hub.resync()));
  deps.bus.subscribe("ev", (payload) => {
    if (hubs.size === 0) return;
    if (payload === "*") return hubs.forEach((hub) => hub.resync());
    const ids = payload.split(",").map((pair) => pair.split(":", 1)[0] ?? "");
    hubs.forEach((hub) => hub.touch(ids));
  });
  return {
    async *follow(accountId, place, signal) {
      const hub = hubs.get(accountId) ?? new FeedHub(deps, accountId);
      hubs.set(accountId, hub);
      try {
        yield* hub.follow(place, signal);
      } finally {
        if (hub.empty && hubs.get(accountId) === hub) hubs.delete(accountId);
      }
    },
  };
}
