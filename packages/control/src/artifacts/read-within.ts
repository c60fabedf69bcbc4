import { AgencyError } from "@agency/contract";
import type { BlobStorage } from "./blob-storage.ts";

/** `signal` goes off when `work` has taken so long, or whoever asked for it has `gone`. */
export async function within<T>(
  ms: number,
  work: (signal: AbortSignal) => Promise<T>,
  gone?: AbortSignal,
): Promise<T> {
  const over = new AbortController();
  const leave = (): void => over.abort(nobodyWaits());
  const timer = setTimeout(() => over.abort(tooSlow()), ms).unref();
  gone?.addEventListener("abort", leave, { once: true });
  if (gone?.aborted === true) leave();
  try {
    return await work(over.signal);
  } finally {
    clearTimeout(timer);
    gone?.removeEventListener("abort", leave);
  }
}

/** A part of what is stored. Storage that says nothing holds nobody up for longer than until `signal` goes off. */
export async function* readPart(
  storage: Pick<BlobStorage, "read">,
  key: string,
  range: { from: number; to: number },
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  signal.throwIfAborted();
  const over = Promise.withResolvers<never>();
  over.promise.catch(() => undefined);
  const stop = (): void => over.reject(signal.reason);
  signal.addEventListener("abort", stop, { once: true });
  const reading = storage.read(key, range).then((stored) => stored?.body.getReader() ?? null);
  try {
    const reader = await Promise.race([over.promise, reading]);
    if (reader === null) throw new AgencyError("not_found", "What this is read from is no longer kept.");
    for (;;) {
      const { value, done } = await Promise.race([over.promise, reader.read()]);
      if (done) return;
      yield value;
    }
  } finally {
    signal.removeEventListener("abort", stop);
    reading.then((reader) => reader?.cancel()).catch(() => undefined);
  }
}

function tooSlow(): AgencyError {
  return new AgencyError("unavailable", "The storage takes too long to give this.", {
    next: "Try again in a moment.",
    retryAfterMs: 5_000,
  });
}

function nobodyWaits(): AgencyError {
  return new AgencyError("invalid_request", "Whoever asked for this has gone.");
}
