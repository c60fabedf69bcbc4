import type { SseFilter } from "./sse-filter.ts";

export interface StreamMeter {
  push(chunk: Uint8Array): void;
  /** Nothing that is still to come changes what was counted. */
  readonly complete: boolean;
}

export interface MeteredStreamOptions {
  body: ReadableStream<Uint8Array>;
  meter: StreamMeter;
  /** Cuts the stream wherever it is: nothing more is read of it. */
  signal: AbortSignal;
  /**
   * Awaited before the piece that completes the count, and before the end, is let go; called once, whatever way
   * the stream ends. `left`: it was the reader who went, or who was cut off.
   */
  settle: (left: boolean) => Promise<void>;
  /** The stream is over; called once. */
  over: () => void;
  filter?: SseFilter | undefined;
}

/** The same bytes in the same pieces, read only as fast as the other end takes them, and counted on the side. */
export function meteredStream(options: MeteredStreamOptions): ReadableStream<Uint8Array> {
  const { body, meter, signal, filter } = options;
  const reader = body.getReader();
  let settled: Promise<void> | undefined;
  const settleOnce = (left: boolean) => (settled ??= options.settle(left));
  let cut = (): void => {};

  async function end(left: boolean): Promise<void> {
    signal.removeEventListener("abort", cut);
    await settleOnce(left);
    options.over();
  }

  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        cut = () => {
          // The engine is cut off before the call is recorded: a fenced attempt hears not one word more.
          controller.error(new Error("The model's response was cut off."));
          void Promise.all([reader.cancel().catch(() => {}), end(true)]);
        };
        if (signal.aborted) cut();
        else signal.addEventListener("abort", cut, { once: true });
      },
      async pull(controller) {
        for (;;) {
          const read = await reader.read().catch(() => null);
          if (signal.aborted) return;
          if (read === null) {
            await end(false);
            controller.error(new Error("The model's response was cut off."));
            return;
          }
          if (read.done) {
            await end(false);
            const rest = filter?.end();
            if (rest !== undefined && rest.length > 0) controller.enqueue(rest);
            controller.close();
            return;
          }
          meter.push(read.value);
          if (meter.complete) await settleOnce(false);
          if (signal.aborted) return;
          const piece = filter === undefined ? read.value : filter.push(read.value);
          if (piece.length === 0) continue;
          controller.enqueue(piece);
          return;
        }
      },
      async cancel() {
        // The vendor stops, and stops charging, as soon as it is told.
        await Promise.all([reader.cancel().catch(() => {}), end(true)]);
      },
    },
    { highWaterMark: 0 },
  );
}
