import type { Clock } from "@agency/core";

/** A signal that aborts with `parent` or after `ms`. Call `clear` when the work is over. */
export function deadline(
  clock: Clock,
  ms: number,
  parent: AbortSignal,
): { signal: AbortSignal; clear(): void } {
  const late = new AbortController();
  const over = new AbortController();
  void clock.sleep(ms, over.signal).then(() => {
    if (!over.signal.aborted) late.abort();
  });
  return { signal: AbortSignal.any([parent, late.signal]), clear: () => over.abort() };
}
