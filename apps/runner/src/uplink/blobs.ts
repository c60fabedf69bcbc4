import { createReadStream } from "node:fs";
import { BLOB_HEADER, UPLINK_PATHS } from "@agency/contract";
import type { BlobHeader } from "@agency/contract";
import type { Clock } from "@agency/core";
import { z } from "zod";
import { backoffMs } from "./backoff.ts";
import type { Reply, UplinkClient } from "./client.ts";
import { judgeReply, whyOf } from "./judge-reply.ts";
import type { Verdict } from "./judge-reply.ts";

export interface BlobWay {
  client: UplinkClient;
  clock: Clock;
  random: () => number;
}

export type BlobResult =
  | { readonly kind: "stored"; readonly id: string }
  /** This attempt is over for the control plane. */
  | { readonly kind: "fenced"; readonly why: string }
  /** The same again cannot help. */
  | { readonly kind: "refused"; readonly why: string }
  /** The signal came first; `why` is what went wrong last. */
  | { readonly kind: "stopped"; readonly why: string };

const storedSchema = z.object({ id: z.uuid() });
/** `storage_full` */
const FULL = 507;

/**
 * Sends a file until the control plane has it whole: a broken connection starts it again from its first byte. Where
 * people are told of trouble they can also make room, and a full account is waited for like a store that is away.
 */
export async function sendBlob(
  way: BlobWay,
  header: BlobHeader,
  file: string,
  signal: AbortSignal,
  onTrouble?: (why: string) => void,
): Promise<BlobResult> {
  const { client, clock, random } = way;
  const headers = {
    [BLOB_HEADER]: asciiJson(header),
    "content-type": header.mediaType,
    "content-length": String(header.bytes),
  };
  let why = "it was not tried";
  for (let failures = 0; !signal.aborted; failures += 1) {
    // No further than announced, whatever grows meanwhile.
    const body = createReadStream(file, header.bytes === 0 ? {} : { end: header.bytes - 1 });
    const reply = await client.put(UPLINK_PATHS.blobs, headers, body, signal);
    const verdict = isFull(reply) && onTrouble !== undefined ? waitForRoom(reply) : judgeReply(reply);
    if (verdict.kind === "ok") {
      const stored = storedSchema.safeParse(verdict.body);
      return stored.success
        ? { kind: "stored", id: stored.data.id }
        : { kind: "refused", why: "the control plane did not say under which id it is stored" };
    }
    // A control plane without this route says 404: no reason to give up the run.
    const isUnknown = reply.kind === "answer" && reply.status === 404;
    if (isUnknown || verdict.kind === "refused") return { kind: "refused", why: refusal(reply, header) };
    if (verdict.kind !== "retry")
      return { kind: "fenced", why: "the control plane says that the attempt is over" };
    why = verdict.why;
    onTrouble?.(why);
    await clock.sleep(pauseMs(failures, verdict.afterMs, random()), signal);
  }
  return { kind: "stopped", why };
}

const LONGEST_PAUSE_MS = 15_000;
const QUICK_TRIES = 6;

/** Each try may be two gigabytes: a store that is away for an hour is not asked every other second. */
function pauseMs(failures: number, askedMs: number | null, random: number): number {
  const pause = backoffMs(failures, askedMs, random);
  if (failures < QUICK_TRIES || askedMs !== null) return pause;
  return Math.min(pause * 2 ** (failures - QUICK_TRIES), LONGEST_PAUSE_MS);
}

type Answer = Extract<Reply, { kind: "answer" }>;

function isFull(reply: Reply): reply is Answer {
  return reply.kind === "answer" && reply.status === FULL;
}

function waitForRoom(reply: Answer): Verdict {
  return { kind: "retry", afterMs: reply.retryAfterMs, why: whyOf(reply) };
}

function refusal(reply: Reply, { name, bytes }: BlobHeader): string {
  if (reply.kind !== "answer") return reply.why;
  if (reply.status === FULL) return whyOf(reply);
  if (reply.status === 413) return `${name} has ${bytes} bytes, more than the control plane stores`;
  return `the control plane refused ${name} (${reply.status})`;
}

/** A header holds no byte above 127, a name may. */
function asciiJson(value: unknown): string {
  return JSON.stringify(value).replace(
    /[\u007f-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
