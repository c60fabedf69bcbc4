const encoder = new TextEncoder();

/**
 * Newline-delimited JSON as it comes. The source is told to stop when its reader goes away; when the source
 * fails the stream ends, and its reader asks again.
 */
export function lineStream(
  source: (signal: AbortSignal) => AsyncGenerator<object>,
  onFailure: (error: unknown) => void,
): Response {
  const gone = new AbortController();
  const lines = source(gone.signal);
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      try {
        const { value, done } = await lines.next();
        if (gone.signal.aborted) return;
        if (done === true) controller.close();
        else controller.enqueue(encoder.encode(`${JSON.stringify(value)}\n`));
      } catch (error) {
        onFailure(error);
        if (!gone.signal.aborted) controller.close();
      }
    },
    cancel() {
      gone.abort();
      // Queued behind the value being waited for; without it the source would never clean up after itself.
      lines.return(undefined).catch(() => undefined);
    },
  });
  return new Response(body, {
    headers: {
      "content-type": "application/x-ndjson",
      "cache-control": "no-store",
      "x-accel-buffering": "no",
    },
  });
}
