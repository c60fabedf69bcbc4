export interface StreamMeter {
  push(chunk: Uint8Array): void;
  /** Nothing that is still to come changes what was counted. */
  readonly complete: boolean;
}

/**
 * The same bytes in the same pieces, read only as fast as the other end takes them, and counted on the side.
 * `settle` is awaited before the piece that completes the count, and before the end, is let go; it is called
 * once, whatever way the stream ends.
 */
export function meteredStream(
  body: ReadableStream<Uint8Array>,
  meter: StreamMeter,
  settle: () => Promise<void>,
): ReadableStream<Uint8Array> {
  const reader = body.getReader();
  let settled: Promise<void> | undefined;
  const settleOnce = () => (settled ??= settle());

  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const read = await reader.read().catch(() => null);
        if (read === null) {
          await settleOnce();
          controller.error(new Error("The model's response was cut off."));
          return;
        }
        if (read.done) {
          await settleOnce();
          controller.close();
          return;
        }
        meter.push(read.value);
        if (meter.complete) await settleOnce();
        controller.enqueue(read.value);
      },
      async cancel() {
        // The vendor stops, and stops charging, as soon as it is told.
        await Promise.all([reader.cancel().catch(() => {}), settleOnce()]);
      },
    },
    { highWaterMark: 0 },
  );
}
