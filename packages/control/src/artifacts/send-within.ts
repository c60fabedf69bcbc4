/** Over that a reader who takes his time gets no more. */
export const SEND_MS = 5 * 60_000;

/** Gives `body` to a reader, and calls `end` once: when all is read, the reader has gone, or `ms` are over. */
export function sendWithin(
  ms: number,
  body: ReadableStream<Uint8Array>,
  end: () => void,
): ReadableStream<Uint8Array> {
  const reader = body.getReader();
  let timer: NodeJS.Timeout | undefined;
  const over = (): void => {
    clearTimeout(timer);
    end();
  };
  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        timer = setTimeout(() => {
          controller.error(new Error("This took too long to be read."));
          over();
          reader.cancel().catch(() => undefined);
        }, ms).unref();
      },
      async pull(controller) {
        try {
          const { value, done } = await reader.read();
          if (!done) return controller.enqueue(value);
          controller.close();
        } catch (error) {
          controller.error(error);
        }
        over();
      },
      async cancel(reason) {
        over();
        await reader.cancel(reason);
      },
    },
    { highWaterMark: 0 },
  );
}
