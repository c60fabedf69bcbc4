import { isAgencyError } from "@agency/contract";
import { mayPass } from "./try-again.ts";

export interface Surroundings {
  untilVisible(signal: AbortSignal): Promise<void>;
  whenHidden(): { signal: AbortSignal; release(): void };
  wait(ms: number, signal: AbortSignal): Promise<void>;
}

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 15_000;

/**
 * Follows a stream for as long as the page is open: again after every loss, not while nobody looks, and at once when
 * somebody looks again. `follow` goes on from where it was; it resolves when there is nothing more to come.
 * Throws what trying again cannot cure.
 */
export async function keepFollowing(
  follow: (signal: AbortSignal, heard: () => void) => Promise<void>,
  signal: AbortSignal,
  { untilVisible, whenHidden, wait }: Surroundings,
  onLost: (error: unknown) => void,
): Promise<void> {
  let failures = 0;
  while (!signal.aborted) {
    await untilVisible(signal);
    const hidden = whenHidden();
    const either = AbortSignal.any([signal, hidden.signal]);
    try {
      await follow(either, () => (failures = 0));
      if (!either.aborted) return;
    } catch (error) {
      if (signal.aborted) return;
      if (either.aborted) continue;
      if (isAgencyError(error) && !mayPass(error)) throw error;
      onLost(error);
      failures += 1;
      await wait(Math.min(FIRST_WAIT_MS * 2 ** (failures - 1), LONGEST_WAIT_MS), signal);
    } finally {
      hidden.release();
    }
  }
}
