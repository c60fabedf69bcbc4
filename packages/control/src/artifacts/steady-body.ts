import { AgencyError } from "@agency/contract";
import type { Clock } from "@agency/core";

/** A byte now and then is not sending: so much has to come in the time. */
const LEAST_BYTES = 64 * 1024;
export const QUIET_MS = 60_000;

/** The body, as long as it comes. Only the time its sender is waited for counts, not what storing it takes. */
export async function* steadyBody(
  body: AsyncIterable<Uint8Array>,
  clock: Clock,
): AsyncGenerator<Uint8Array, void> {
  const chunks = body[Symbol.asyncIterator]();
  let [waitedMs, bytes] = [0, 0];
  let isOver = false;
  try {
    for (;;) {
      const since = clock.now();
      const step = await within(chunks.next(), QUIET_MS - waitedMs, clock);
      if (step === null || step.done === true) {
        isOver = step !== null;
        break;
      }
      waitedMs += Math.max(0, clock.now() - since);
      bytes += step.value.byteLength;
      if (bytes >= LEAST_BYTES) [waitedMs, bytes] = [0, 0];
      if (waitedMs >= QUIET_MS) break;
      yield step.value;
    }
    if (!isOver) throw tooQuiet();
  } finally {
    // One that nothing comes from ends with its connection, which the answer closes: not waited for.
    if (!isOver) chunks.return?.().catch(() => undefined);
  }
}

async function within<T>(next: Promise<T>, ms: number, clock: Clock): Promise<T | null> {
  const done = new AbortController();
  try {
    return await Promise.race([next, clock.sleep(Math.max(ms, 0), done.signal).then(() => null)]);
  } finally {
    done.abort();
    next.catch(() => undefined);
  }
}

function tooQuiet(): AgencyError {
  return new AgencyError("unavailable", `The upload stood still for ${QUIET_MS / 1000} s and was given up.`, {
    next: "Send it again.",
  });
}
