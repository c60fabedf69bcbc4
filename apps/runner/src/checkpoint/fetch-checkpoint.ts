import { createHash } from "node:crypto";
import { createWriteStream } from "node:fs";
import type { IncomingMessage } from "node:http";
import { Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { UPLINK_PATHS } from "@agency/contract";
import type { Restore } from "@agency/contract";
import { backoffMs } from "../uplink/backoff.ts";
import type { BlobWay } from "../uplink/blobs.ts";
import { judgeReply } from "../uplink/judge-reply.ts";

/** Whole answers that are not what was stored: a few, in case one was cut on the way, and no more. */
const WRONG_ANSWERS = 3;

/** Fetches the blob into a file; what went wrong, or null when it is there and is the one that was stored. */
export async function fetchCheckpoint(
  way: BlobWay,
  expected: Pick<Restore, "bytes" | "sha256">,
  file: string,
  signal: AbortSignal,
): Promise<string | null> {
  const { client, clock, random } = way;
  let wrong = 0;
  for (let failures = 0; !signal.aborted; failures += 1) {
    const opened = await client.open(UPLINK_PATHS.restore, signal);
    if (opened.kind === "stream") {
      const got = await receive(opened.stream, file, expected.bytes, signal);
      if (got?.bytes === expected.bytes && got.sha256 === expected.sha256) return null;
      if (got !== null) wrong += 1;
      if (wrong >= WRONG_ANSWERS && got !== null)
        return `The stored checkpoint is damaged: ${got.bytes} bytes with the hash ${got.sha256.slice(0, 12)} came instead of ${expected.bytes} with ${expected.sha256.slice(0, 12)}. Go back to an earlier one.`;
    } else {
      const verdict = judgeReply(opened);
      if (verdict.kind !== "retry")
        return `The checkpoint cannot be fetched: the control plane answered ${opened.kind === "answer" ? opened.status : "nothing"}. It may be deleted: go back to another one.`;
    }
    await clock.sleep(backoffMs(failures, null, random()), signal);
  }
  return "Fetching the checkpoint was stopped.";
}

/** Null: the connection broke. */
async function receive(
  stream: IncomingMessage,
  file: string,
  most: number,
  signal: AbortSignal,
): Promise<{ bytes: number; sha256: string } | null> {
  const hash = createHash("sha256");
  let bytes = 0;
  const counted = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length;
      hash.update(chunk);
      // Kept no further than announced; that it went on is seen in the count.
      done(null, bytes > most ? undefined : chunk);
    },
  });
  try {
    await pipeline(stream, counted, createWriteStream(file, { mode: 0o600 }), { signal });
    return { bytes, sha256: hash.digest("hex") };
  } catch {
    return null;
  }
}
