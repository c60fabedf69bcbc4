import { useCallback, useEffect, useState } from "react";

export type Resource<T> =
  | { state: "loading"; data: null; error: null }
  | { state: "failed"; data: null; error: unknown }
  | { state: "ready"; data: T; error: null };

const LOADING = { state: "loading", data: null, error: null } as const;

/**
 * Something fetched for a view, again whenever `key` changes or it is asked for. While it is fetched again the old
 * one stays; a failure then keeps it too, for the next event brings the next try.
 */
export function useResource<T>(
  load: (signal: AbortSignal) => Promise<T>,
  key: string | number,
): Resource<T> & { reload: () => void } {
  const [resource, setResource] = useState<Resource<T>>(LOADING);
  const [round, setRound] = useState(0);
  useEffect(() => {
    const over = new AbortController();
    load(over.signal).then(
      (data) => over.signal.aborted || setResource({ state: "ready", data, error: null }),
      (error: unknown) => {
        if (over.signal.aborted) return;
        setResource((before) => (before.state === "ready" ? before : { state: "failed", data: null, error }));
      },
    );
    return () => over.abort();
    // `load` is made anew at every render; what it loads is named by `key`.
  }, [key, round]);
  const reload = useCallback(() => {
    setResource((before) => (before.state === "failed" ? LOADING : before));
    setRound((before) => before + 1);
  }, []);
  return { ...resource, reload };
}
