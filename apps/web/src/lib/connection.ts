import { createStore } from "./store.ts";
import type { Store } from "./store.ts";

export type Connection = "connecting" | "live" | "reconnecting" | "paused";

/** Of the feed, which is open on every page: what the badge shows. */
export const connection: Store<Connection> = createStore<Connection>("connecting");
