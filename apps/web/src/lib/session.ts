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

export function accountId(): string | null {
  const now = session.get();
  return now.state === "in" ? now.me.account.id : null;
}

let tellOthers: () => void = () => undefined;

/** Tabs share one cookie: what one of them does to the session the others must learn. */
export function shareSession(
  channel: Pick<BroadcastChannel, "postMessage" | "addEventListener">,
  renew: () => void,
): void {
  tellOthers = channel.postMessage.bind(channel, "changed");
  channel.addEventListener("message", renew);
}

export function signedIn(me: Me): void {
  renewed(me);
  tellOthers();
}

/** What the server says of the session by now, which is no news to other tabs. */
export function renewed(me: Me): void {
  session.set({ state: "in", me });
}

/** Nobody could say who is there. That is news only of a page nobody is in: the question may be an old one. */
export function unreachable(error: unknown): void {
  if (session.get().state !== "in") session.set({ state: "unreachable", error });
}

/** Somebody leaves this browser: what they began to write goes with them. */
export function leave(): void {
  const account = accountId();
  const begun = ["new-run", "long-prompt", "review"].map((name) => `agency.${name}.${account}`);
  try {
    for (const key of Object.keys(localStorage))
      if (begun.some((own) => key === own || key.startsWith(`${own}.`))) localStorage.removeItem(key);
  } catch {
    // Then nothing was kept.
  }
  signedOut();
}

/** Any answer may say so: a session ends, a device is revoked. */
export function signedOut(): void {
  const { state } = session.get();
  if (state === "out") return;
  session.set({ state: "out" });
  if (state === "in") tellOthers();
}
