import { createHash, randomUUID } from "node:crypto";
import { S3Error } from "./s3-error.ts";

export interface Blob {
  /** As they were sent: a large object is never joined to one piece. */
  chunks: Buffer[];
  bytes: number;
  etag: string;
  contentType: string;
  metadata: Record<string, string>;
  /** Base64 of the SHA-256 it was sent with and that was found to be right. */
  checksum?: string;
  at: number;
}

export interface Upload {
  id: string;
  key: string;
  contentType: string;
  metadata: Record<string, string>;
  at: number;
  parts: Map<number, Buffer>;
}

export interface Bucket {
  objects: Map<string, Blob>;
  uploads: Map<string, Upload>;
}

const SMALLEST_PART = 5 * 1024 * 1024;

export const md5 = (data: Uint8Array): string => createHash("md5").update(data).digest("hex");

export function beginUpload(bucket: Bucket, about: Omit<Upload, "id" | "parts">): Upload {
  const upload = { ...about, id: randomUUID(), parts: new Map<number, Buffer>() };
  bucket.uploads.set(upload.id, upload);
  return upload;
}

export function uploadOf(bucket: Bucket, id: string, key: string): Upload {
  const upload = bucket.uploads.get(id);
  if (upload?.key === key) return upload;
  throw new S3Error(404, "NoSuchUpload", "The specified upload does not exist.");
}

/** The object made of the parts named, in that order; the upload is over with it. */
export function completeUpload(
  bucket: Bucket,
  upload: Upload,
  named: { number: number; etag: string }[],
  now: number,
): Blob {
  const parts = named.map(({ number, etag }, i) => {
    const part = upload.parts.get(number);
    if (part === undefined || etag !== md5(part))
      throw new S3Error(400, "InvalidPart", "One or more of the specified parts could not be found.");
    if (i > 0 && number <= (named[i - 1]?.number ?? 0))
      throw new S3Error(400, "InvalidPartOrder", "The list of parts was not in ascending order.");
    if (i < named.length - 1 && part.length < SMALLEST_PART)
      throw new S3Error(
        400,
        "EntityTooSmall",
        "Your proposed upload is smaller than the minimum allowed size.",
      );
    return part;
  });
  if (parts.length === 0) throw new S3Error(400, "MalformedXML", "You must specify at least one part.");
  const digests = Buffer.concat(parts.map((part) => createHash("md5").update(part).digest()));
  const { key, contentType, metadata } = upload;
  const bytes = parts.reduce((sum, part) => sum + part.length, 0);
  const blob = {
    chunks: parts,
    bytes,
    etag: `${md5(digests)}-${parts.length}`,
    contentType,
    metadata,
    at: now,
  };
  bucket.objects.set(key, blob);
  bucket.uploads.delete(upload.id);
  return blob;
}

/** The bytes from `from` up to, not including, `to`. */
export function slices({ chunks }: Blob, from: number, to: number): Buffer[] {
  const wanted: Buffer[] = [];
  let at = 0;
  for (const chunk of chunks) {
    const [start, end] = [Math.max(from - at, 0), Math.min(to - at, chunk.length)];
    if (start < end) wanted.push(chunk.subarray(start, end));
    at += chunk.length;
  }
  return wanted;
}
