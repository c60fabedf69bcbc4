import { useCallback, useEffect, useRef, useState } from "react";
import { oneAtATime } from "./one-at-a-time.ts";
import type { OneAtATime } from "./one-at-a-time.ts";
import { session } from "./session.ts";
import { loadClock } from "./surroundings.ts";
import { mayPass } from "./try-again.ts";

export type Resource<T> =
  | { state: "loading"; data: null; error: null }
  | { state: "failed"; data: null; error: unknown }
  /** With an error: it could not be renewed, and may be old. */
  | { state: "ready"; data: T; error: unknown };

const LOADING = { state: "loading", data: null, error: null } as const;

/**
 * Something fetched for a view. Another `key` names another thing: it begins anew. Another `version` is news of the
 * same thing: while it is fetched again the old one stays, and stays with the error when that fails.
 */
export function useResource<T>(
  load: (signal: AbortSignal) => Promise<T>,
  key: string,
  version: string | number | null = "",
): Resource<T> & { reload: () => void } {
  const [held, setHeld] = useState<{ key: string; resource: Resource<T> }>({ key, resource: LOADING });
  const newest = useRef(load);
  const loader = useRef<OneAtATime | null>(null);
  useEffect(() => {
    newest.current = load;
  });
  useEffect(() => {
    const failed = (before: Resource<T>, error: unknown): Resource<T> =>
      before.state === "ready" ? { ...before, error } : { state: "failed", data: null, error };
    const mine = oneAtATime<T>(
      (signal) => newest.current(signal),
      {
        loaded: (data) => setHeld({ key, resource: { state: "ready", data, error: null } }),
        failed: (error) =>
          setHeld((before) => ({
            key,
            resource: failed(before.key === key ? before.resource : LOADING, error),
          })),
      },
      loadClock,
    );
    loader.current = mine;
    mine.ask("now");
    return () => mine.end();
  }, [key]);
  const seen = useRef(version);
  useEffect(() => {
    if (seen.current === version) return;
    seen.current = version;
    loader.current?.ask("soon");
  }, [version]);
  const { error } = held.resource;
  // With the server back there is no pause to wait for: the session is renewed with the connection.
  useEffect(
    () => (mayPass(error) ? session.subscribe(() => loader.current?.ask("back")) : undefined),
    [error],
  );
  const reload = useCallback(() => {
    setHeld((before) => (before.resource.state === "failed" ? { ...before, resource: LOADING } : before));
    loader.current?.ask("now");
  }, []);
  // What is held for another key is never shown, not even until the effects have run.
  return { ...(held.key === key ? held.resource : LOADING), reload };
}
