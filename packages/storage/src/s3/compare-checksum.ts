import type { Comparison } from "../compare-bytes.ts";
import type { S3Access } from "./s3-access.ts";
import { unlessMissing } from "./s3-object.ts";

/**
 * By the checksum the server computed when it took the object. Null: it has none of the whole, as Google's, or as any
 * server of an object in parts.
 */
export async function compareChecksum(
  { sdk, client, at }: S3Access,
  key: string,
  told: { bytes: number; sha256: string },
): Promise<Comparison | null> {
  const command = new sdk.HeadObjectCommand({ ...at(key), ChecksumMode: "ENABLED" });
  const said = await unlessMissing(client.send(command));
  if (said === null) return "missing";
  if (said.ContentLength !== told.bytes) return "other";
  const { ChecksumSHA256: checksum, ChecksumType: type } = said;
  if (checksum === undefined || type === "COMPOSITE") return null;
  return Buffer.from(checksum, "base64").toString("hex") === told.sha256 ? "same" : "other";
}
