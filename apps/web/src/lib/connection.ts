import { useSyncExternalStore } from "react";
import { createStore } from "./store.ts";
import type { Store } from "./store.ts";

export type Connection = "connecting" | "live" | "reconnecting" | "paused";

/** Of the feed, which is open on every page: what the badge shows. */
export const connection: Store<Connection> = createStore<Connection>("connecting");

/** A server on this machine is reached without a network: only what is not live can be offline. */
export function useConnection(): Connection | "offline" {
  return useSyncExternalStore(subscribe, () => {
    const now = connection.get();
    return now === "live" || navigator.onLine ? now : "offline";
  });
}

function subscribe(listener: () => void): () => void {
  const over = new AbortController();
  for (const event of ["online", "offline"]) addEventListener(event, listener, { signal: over.signal });
  over.signal.addEventListener("abort", connection.subscribe(listener));
  return () => over.abort();
}
