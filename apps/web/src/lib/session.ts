import type { Me } from "@agency/contract";
import { createStore } from "./store.ts";
import type { Store } from "./store.ts";

export type Session =
  | { state: "unknown" }
  | { state: "unreachable"; error: unknown }
  | { state: "out" }
  | { state: "in"; me: Me };

export const session: Store<Session> = createStore<Session>({ state: "unknown" });

export function csrfToken(): string | null {
  const now = session.get();
  return now.state === "in" ? (now.me.csrf?.token ?? null) : null;
}

export function signedIn(me: Me): void {
  session.set({ state: "in", me });
}

/** Any answer may say so: a session ends, a device is revoked. */
export function signedOut(): void {
  if (session.get().state !== "out") session.set({ state: "out" });
}
