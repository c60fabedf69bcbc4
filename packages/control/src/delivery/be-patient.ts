import { isAgencyError } from "@agency/contract";
import type { Clock } from "@agency/core";

/** A task's end may wait for a host this long, and no longer. */
const PAUSES_MS = [2_000, 10_000];
const LONGEST_PAUSE_MS = 60_000;

/** Tries again what may go well the next time. What is tried must do no harm when it is done twice. */
export async function bePatient<T>(clock: Clock, attempt: () => Promise<T>): Promise<T> {
  for (const pause of PAUSES_MS) {
    try {
      return await attempt();
    } catch (error) {
      const wait = pauseFor(error, pause);
      if (wait === null) throw error;
      await clock.sleep(wait);
    }
  }
  return attempt();
}

function pauseFor(error: unknown, pause: number): number | null {
  if (!isAgencyError(error)) return null;
  if (error.code === "upstream_failed") return pause;
  if (error.code !== "too_many_requests") return null;
  const wait = error.retryAfterMs ?? pause;
  return wait <= LONGEST_PAUSE_MS ? wait : null;
}
