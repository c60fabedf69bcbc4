import { createHash } from "node:crypto";
import { AgencyError } from "@agency/contract";

/** Bytes as they come, and how to let go of where they come from. */
export interface ByteSource {
  /** Null at the end. */
  next(): Promise<Uint8Array | null>;
  close(): Promise<void>;
}

/**
 * Reads nothing ahead, but for one piece with a `sha256`: bytes that are not those stored end in an error, before all of
 * them are given. Whoever was told how many there are would take them for the whole.
 */
export function byteStream(
  key: string,
  source: ByteSource,
  sha256: string | null,
): ReadableStream<Uint8Array> {
  const next = sha256 === null ? () => source.next() : checked(key, source, sha256);
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const chunk = await next();
          if (chunk !== null) return controller.enqueue(chunk);
        } catch (error) {
          await source.close();
          throw error;
        }
        await source.close();
        controller.close();
      },
      cancel: () => source.close(),
    },
    { highWaterMark: 0 },
  );
}

function checked(key: string, source: ByteSource, sha256: string): ByteSource["next"] {
  const hash = createHash("sha256");
  let held: Uint8Array | null = null;
  let isOver = false;
  return async () => {
    while (!isOver) {
      const before = held;
      held = await source.next();
      isOver = held === null;
      if (held !== null) hash.update(held);
      else if (hash.digest("hex") !== sha256) throw damaged(key);
      if (before !== null) return before;
    }
    return null;
  };
}

export function damaged(key: string): AgencyError {
  return new AgencyError("unavailable", `"${key}" is damaged: its bytes are not those that were stored.`, {
    next: "Bring it back from a backup, or delete it; look at the disk or the bucket it lives in.",
  });
}

export async function wholeBody(body: ReadableStream<Uint8Array>, bytes: number): Promise<Uint8Array> {
  const whole = new Uint8Array(bytes);
  let filled = 0;
  for await (const chunk of body) {
    whole.set(chunk, filled);
    filled += chunk.byteLength;
  }
  return whole;
}
