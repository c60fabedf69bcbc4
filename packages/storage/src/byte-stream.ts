import { createHash } from "node:crypto";
import { AgencyError } from "@agency/contract";

/** Bytes as they come, and how to let go of where they come from. */
export interface ByteSource {
  /** Null at the end. */
  next(): Promise<Uint8Array | null>;
  close(): Promise<void>;
}

/** Reads nothing ahead. With a `sha256`, bytes that are not those stored end in an error, never in an end. */
export function byteStream(
  key: string,
  source: ByteSource,
  sha256: string | null,
): ReadableStream<Uint8Array> {
  const hash = sha256 === null ? null : createHash("sha256");
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const chunk = await source.next();
          if (chunk !== null) {
            hash?.update(chunk);
            return controller.enqueue(chunk);
          }
          if (hash !== null && hash.digest("hex") !== sha256) throw damaged(key);
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
