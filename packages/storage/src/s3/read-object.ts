import { Readable } from "node:stream";
import type { GetObjectCommandOutput } from "@aws-sdk/client-s3";
import { AgencyError } from "@agency/contract";
import type { ByteRange, ObjectRead } from "@agency/core";
import { byteStream } from "../byte-stream.ts";
import type { ByteSource } from "../byte-stream.ts";
import { checkedRange } from "../checked-request.ts";
import type { S3Access } from "./s3-access.ts";
import { factsOf } from "./s3-error.ts";
import { statObject, storedObject, unlessMissing } from "./s3-object.ts";

/** A connection that broke is taken up again where it ended, so often without one byte in between. */
const RESUMES = 3;

export async function readObject(
  access: S3Access,
  key: string,
  range: ByteRange,
  { unchecked = false }: { unchecked?: boolean },
): Promise<ObjectRead | null> {
  const asked = checkedRange(key, range, Number.MAX_SAFE_INTEGER);
  if (asked.from === asked.to) return nothingOf(access, key);
  const said = await unlessUnsatisfiable(unlessMissing(get(access, key, { Range: rangeHeader(range) })));
  if (said === null) return null;
  if (said === "beyond") return nothingOf(access, key);
  const object = storedObject(key, said, totalBytes(said));
  const within = checkedRange(key, range, object.bytes);
  const whole = within.from === 0 && within.to === object.bytes;
  const source = resuming(access, key, object.etag, within, bodyOf(said));
  return { object, body: byteStream(key, source, whole && !unchecked ? object.sha256 : null) };
}

function get(access: S3Access, key: string, more: { Range?: string | undefined; IfMatch?: string }) {
  const { Range, ...rest } = more;
  const input = { ...access.at(key), ...rest, ...(Range === undefined ? {} : { Range }) };
  return access.client.send(new access.sdk.GetObjectCommand(input));
}

function rangeHeader({ from = 0, to }: ByteRange): string | undefined {
  if (to !== undefined) return `bytes=${from}-${to - 1}`;
  return from === 0 ? undefined : `bytes=${from}-`;
}

/** Behind the last byte there is nothing, which S3 calls an error; an empty object has no range at all. */
async function unlessUnsatisfiable<T>(sent: Promise<T>): Promise<T | "beyond"> {
  try {
    return await sent;
  } catch (error) {
    if (factsOf(error).status === 416) return "beyond";
    throw error;
  }
}

async function nothingOf(access: S3Access, key: string): Promise<ObjectRead | null> {
  const object = await statObject(access, key);
  const source: ByteSource = { next: async () => null, close: async () => {} };
  return object === null ? null : { object, body: byteStream(key, source, null) };
}

function totalBytes({ ContentRange, ContentLength }: GetObjectCommandOutput): number {
  const total = /\/(\d+)$/.exec(ContentRange ?? "")?.[1];
  return total === undefined ? (ContentLength ?? 0) : Number(total);
}

function resuming(
  access: S3Access,
  key: string,
  etag: string,
  { from, to }: { from: number; to: number },
  first: Readable,
): ByteSource {
  let body = first;
  let chunks = chunksOf(first);
  let position = from;
  let failures = 0;

  async function next(): Promise<Uint8Array | null> {
    while (position < to) {
      try {
        const step = await chunks.next();
        if (step.done === true) throw Object.assign(new Error("it ended early"), { code: "ECONNRESET" });
        failures = 0;
        position += step.value.byteLength;
        return step.value;
      } catch (error) {
        failures += 1;
        if (failures > RESUMES) throw error;
        body = bodyOf(await again());
        chunks = chunksOf(body);
      }
    }
    return null;
  }

  async function again(): Promise<GetObjectCommandOutput> {
    try {
      return await get(access, key, { Range: `bytes=${position}-${to - 1}`, IfMatch: `"${etag}"` });
    } catch (error) {
      if (![404, 412].includes(factsOf(error).status ?? 0)) throw error;
      throw new AgencyError(
        "unavailable",
        `"${key}" was replaced or deleted while it was read over a connection that broke.`,
        { next: "Read it again." },
      );
    }
  }

  return { next: () => access.on(key, next), close: async () => void body.destroy() };
}

const chunksOf = (body: Readable): AsyncIterator<Uint8Array> => body[Symbol.asyncIterator]();

function bodyOf({ Body }: GetObjectCommandOutput): Readable {
  if (Body instanceof Readable) return Body;
  throw new Error("the answer has no body");
}
