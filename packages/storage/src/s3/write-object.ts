import { randomUUID } from "node:crypto";
import { Readable } from "node:stream";
import { AgencyError } from "@agency/contract";
import { DEFAULT_MEDIA_TYPE } from "@agency/core";
import type { StoredObject, WriteOptions } from "@agency/core";
import { checkedSource } from "../checked-source.ts";
import type { S3Access } from "./s3-access.ts";
import { factsOf } from "./s3-error.ts";
import { bareEtag } from "./s3-object.ts";

const MIB = 1024 * 1024;
/** Up to here an object is sent at once, above in parts of at least this size, some of them at a time. */
const PART_BYTES = 16 * MIB;
const PARTS_AT_ONCE = 3;
const MOST_PARTS = 10_000;
/** Which write made an object: tells whether an upload whose last answer got lost was ours. */
const WRITE_ID = "agency-write";

interface Target {
  access: S3Access;
  key: string;
  mediaType: string;
  options: WriteOptions;
}

export async function writeObject(
  access: S3Access,
  key: string,
  body: AsyncIterable<Uint8Array>,
  options: WriteOptions,
): Promise<StoredObject> {
  const mediaType = options.mediaType ?? DEFAULT_MEDIA_TYPE;
  const target: Target = { access, key, mediaType, options };
  const source = checkedSource(key, body, options);
  const chunks = source.chunks();
  try {
    const head = await takeHead(chunks);
    const etag = head.ended
      ? await sendWhole(target, head.chunks, source.result().sha256)
      : await sendInParts(target, joined(head.chunks, chunks));
    return { key, ...source.result(), etag: bareEtag(etag), mediaType, at: Date.now() };
  } catch (error) {
    const fault = source.fault();
    throw fault === null ? access.error(error, key) : fault.error;
  } finally {
    await chunks.return();
  }
}

/** The first bytes: all of a small body, or more than fit into one part. */
async function takeHead(
  chunks: AsyncGenerator<Uint8Array, void>,
): Promise<{ chunks: Uint8Array[]; ended: boolean }> {
  const head: Uint8Array[] = [];
  for (let bytes = 0; bytes <= PART_BYTES;) {
    const step = await chunks.next();
    if (step.done === true) return { chunks: head, ended: true };
    bytes += step.value.byteLength;
    head.push(step.value);
  }
  return { chunks: head, ended: false };
}

async function* joined(head: Uint8Array[], rest: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  // Given away one by one, so that none is held while the rest comes.
  for (let chunk = head.shift(); chunk !== undefined; chunk = head.shift()) yield chunk;
  yield* rest;
}

async function sendWhole(
  { access, key, mediaType }: Target,
  chunks: Uint8Array[],
  sha256: string,
): Promise<string | undefined> {
  const command = new access.sdk.PutObjectCommand({
    ...access.at(key),
    Body: Buffer.concat(chunks),
    ContentType: mediaType,
    Metadata: { sha256 },
  });
  return (await access.client.send(command)).ETag;
}

/** An upload that fails takes its parts back; those of a process that dies are left for `sweep`. */
async function sendInParts(
  { access, key, mediaType, options }: Target,
  body: AsyncIterable<Uint8Array>,
): Promise<string | undefined> {
  const { Upload } = await import("@aws-sdk/lib-storage");
  const write = randomUUID();
  const sha256 = options.sha256 === undefined ? {} : { sha256: options.sha256 };
  const upload = new Upload({
    client: access.client,
    queueSize: PARTS_AT_ONCE,
    partSize: partBytes(options),
    params: {
      ...access.at(key),
      Body: Readable.from(body, { highWaterMark: 1 }),
      ContentType: mediaType,
      Metadata: { ...sha256, [WRITE_ID]: write },
    },
  });
  try {
    return (await upload.done()).ETag;
  } catch (error) {
    const etag = factsOf(error).name === "NoSuchUpload" ? await etagOfWrite(access, key, write) : null;
    if (etag === null) throw tooManyParts(error, key) ?? error;
    return etag;
  }
}

function partBytes({ bytes = 0 }: WriteOptions): number {
  return Math.max(PART_BYTES, Math.ceil(bytes / MOST_PARTS / MIB) * MIB);
}

/** The answer to the last request can get lost; the next try then finds no upload, and the object there. */
async function etagOfWrite(access: S3Access, key: string, write: string): Promise<string | null> {
  const said = await access.client.send(new access.sdk.HeadObjectCommand(access.at(key))).catch(() => null);
  return said?.Metadata?.[WRITE_ID] === write ? (said.ETag ?? "") : null;
}

function tooManyParts(error: unknown, key: string): AgencyError | null {
  if (!(error instanceof Error) || !error.message.startsWith("Exceeded")) return null;
  return new AgencyError(
    "payload_too_large",
    `"${key}" was not stored: it has more than ${MOST_PARTS} parts.`,
    {
      next: "Announce its size before it is written: the parts are made larger then.",
    },
  );
}
