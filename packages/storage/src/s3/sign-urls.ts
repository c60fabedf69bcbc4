import { attachmentDisposition } from "@agency/core";
import type { SignedUpload } from "@agency/core";
import type { S3Access } from "./s3-access.ts";

/** What the signature itself can promise; a temporary key may end before. */
const LONGEST_S = 7 * 24 * 60 * 60;
/** More than this has to come in parts. */
const LARGEST_PUT = 5 * 1024 ** 3;

const seconds = (ms: number): number => Math.min(Math.max(Math.floor(ms / 1000), 1), LONGEST_S);

export async function signGet(
  { sdk, client, at }: S3Access,
  key: string,
  { expiresMs, filename }: { expiresMs: number; filename: string },
): Promise<string> {
  const { getSignedUrl } = await import("@aws-sdk/s3-request-presigner");
  // What an agent made must never be shown as a page of the bucket's origin.
  const command = new sdk.GetObjectCommand({
    ...at(key),
    ResponseContentDisposition: attachmentDisposition(filename),
    ResponseContentType: "application/octet-stream",
  });
  return getSignedUrl(client, command, { expiresIn: seconds(expiresMs) });
}

export async function signPut(
  { sdk, client, at }: S3Access,
  key: string,
  { expiresMs, bytes, sha256 }: { expiresMs: number; bytes: number; sha256?: string | undefined },
): Promise<SignedUpload | null> {
  if (bytes > LARGEST_PUT) return null;
  const { getSignedUrl } = await import("@aws-sdk/s3-request-presigner");
  const checksum = sha256 === undefined ? null : Buffer.from(sha256, "hex").toString("base64");
  const command = new sdk.PutObjectCommand({
    ...at(key),
    ContentLength: bytes,
    ...(checksum === null || sha256 === undefined ? {} : { ChecksumSHA256: checksum, Metadata: { sha256 } }),
  });
  const bound: Record<string, string> =
    checksum === null || sha256 === undefined
      ? {}
      : { "x-amz-checksum-sha256": checksum, "x-amz-meta-sha256": sha256 };
  // In the query a server may take them for nothing; as headers they are part of what is checked.
  const url = await getSignedUrl(client, command, {
    expiresIn: seconds(expiresMs),
    unhoistableHeaders: new Set(Object.keys(bound)),
  });
  return { url, headers: { "content-length": String(bytes), ...bound } };
}
