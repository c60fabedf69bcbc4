import type { ClientRequest } from "node:http";
import type { Readable } from "node:stream";
import { noteSpent } from "./spent-buffers.ts";

export type Bytes = AsyncIterable<Uint8Array>;

/** The body of an answer: one chunk is taken when the reader asks for one, so nothing piles up here. */
export function streamOf(source: Readable, onChunk: (chunk: Uint8Array) => void): ReadableStream<Uint8Array> {
  const chunks: AsyncIterator<Uint8Array> = source[Symbol.asyncIterator]();
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        // A source that broke off rejects here, and the reader sees a cut, not an end.
        const next = await chunks.next();
        if (next.done === true) return controller.close();
        onChunk(next.value);
        noteSpent(next.value.byteLength);
        controller.enqueue(next.value);
      },
      cancel: () => void source.destroy(),
    },
    { highWaterMark: 0 },
  );
}

/**
 * Sends a body on as fast as the host takes it. A host that answers early stops reading: the rest is still taken
 * from the client, which would lose the answer with its connection otherwise.
 */
export async function sendBody(body: Bytes, outgoing: ClientRequest, signal: AbortSignal): Promise<void> {
  try {
    for await (const chunk of body) {
      if (signal.aborted) return;
      noteSpent(chunk.byteLength);
      if (outgoing.destroyed || outgoing.write(chunk)) continue;
      await room(outgoing);
    }
    if (!outgoing.destroyed) outgoing.end();
  } catch (error) {
    outgoing.destroy(error instanceof Error ? error : new Error("the upload broke off"));
  }
}

function room(outgoing: ClientRequest): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      outgoing.off("drain", done).off("close", done);
      resolve();
    };
    outgoing.on("drain", done).on("close", done);
    if (outgoing.destroyed) done();
  });
}

/** All of a small body, or null when it is over `limit`. */
export async function readAll(body: Bytes, limit: number): Promise<Buffer | null> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.byteLength;
    if (size > limit) return null;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

export async function* textBytes(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text);
}

export async function* noBytes(): AsyncGenerator<Uint8Array> {}
