import type { Connection } from "./connection.ts";
import type { FollowClock } from "./follow-events.ts";
import { pageCalls } from "./page-calls.ts";
import type { PageCalls } from "./page-calls.ts";

export interface ClientOptions {
  baseUrl: string;
  /** Null in a browser, where a cookie says who asks. */
  apiKey: string | null;
  /** The token of `me.csrf`, asked for at every call: it is there once somebody has signed in. */
  csrf?: () => string | null;
  fetch?: typeof fetch;
  timeoutMs?: number;
  clock?: Partial<FollowClock>;
}

const REQUEST_TIMEOUT_MS = 30_000;

const wallClock: FollowClock = {
  sleep: (ms, signal) =>
    new Promise((resolve) => {
      const timer = setTimeout(done, ms);
      signal.addEventListener("abort", done);
      if (signal.aborted) done();
      function done() {
        clearTimeout(timer);
        signal.removeEventListener("abort", done);
        resolve();
      }
    }),
  random: Math.random,
  silenceMs: 45_000,
  giveUpAfterMs: 5 * 60_000,
};

export function connectionOf(options: ClientOptions): { connection: Connection; clock: FollowClock } {
  const connection: Connection = {
    baseUrl: options.baseUrl.replace(/\/+$/, ""),
    apiKey: options.apiKey,
    csrf: options.csrf ?? (() => null),
    fetch: options.fetch ?? fetch,
    timeoutMs: options.timeoutMs ?? REQUEST_TIMEOUT_MS,
  };
  return { connection, clock: { ...wallClock, ...options.clock } };
}

/** The calls a page begins with; `createClient` has them too. */
export function createPageClient(options: ClientOptions): PageCalls {
  const { connection, clock } = connectionOf(options);
  return pageCalls(connection, clock);
}
