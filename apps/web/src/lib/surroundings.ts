import type { LoadClock } from "./one-at-a-time.ts";

/** A tab that nobody sees gives its streams back after this long: a browser has six connections to a server. */
const HIDDEN_MS = 60_000;

/** Resolves after `ms`, or as soon as there is reason to believe that it is worth trying now. */
export function wait(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const over = new AbortController();
    const done = () => {
      clearTimeout(timer);
      over.abort();
      resolve();
    };
    const timer = setTimeout(done, ms);
    const listen = { signal: over.signal };
    signal.addEventListener("abort", done, listen);
    window.addEventListener("online", done, listen);
    document.addEventListener("visibilitychange", () => document.hidden || done(), listen);
    if (signal.aborted) done();
  });
}

/** Resolves once somebody can see the page. */
export function untilVisible(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (!document.hidden || signal.aborted) {
      resolve();
      return;
    }
    const over = new AbortController();
    const done = () => {
      over.abort();
      resolve();
    };
    signal.addEventListener("abort", done, { signal: over.signal });
    document.addEventListener("visibilitychange", () => document.hidden || done(), { signal: over.signal });
  });
}

/**
 * Aborts once the page has been out of sight for long, or at once when the network goes: a stream without one says
 * nothing, as a quiet one does. `release` ends the watch.
 */
export function whenHidden(): { signal: AbortSignal; release(): void } {
  const hidden = new AbortController();
  const over = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const look = () => {
    clearTimeout(timer);
    if (document.hidden) timer = setTimeout(() => hidden.abort(), HIDDEN_MS);
  };
  document.addEventListener("visibilitychange", look, { signal: over.signal });
  window.addEventListener("offline", () => hidden.abort(), { signal: over.signal });
  look();
  const release = () => {
    clearTimeout(timer);
    over.abort();
  };
  return { signal: hidden.signal, release };
}

/** Lets the browser paint and hear its user before the next piece of work. */
export function breathe(): Promise<void> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(null);
  });
}

export const loadClock: LoadClock = {
  now: () => performance.now(),
  after(ms, action) {
    const timer = setTimeout(action, ms);
    return () => clearTimeout(timer);
  },
};
