import { randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import { AgencyError, isAgencyError } from "@agency/contract";
import type { S3Address, Settings } from "@agency/contract";
import type { Clock, Logger, Storage } from "@agency/core";
import { BucketAwayError, openS3Storage } from "@agency/storage";
import type { S3Credentials } from "@agency/storage";
import { writePrivate } from "./data-folder.ts";

export type BucketSettings = Pick<
  Settings,
  "awsAccessKeyId" | "awsSecretAccessKey" | "awsSessionToken" | "awsRegion"
>;

/** What servers other than AWS call their only region; most take any. */
const USUAL_REGION = "us-east-1";
/** Of a server that takes connections and says nothing, the SDK despairs after four minutes. */
const PATIENCE_MS = 10_000;

/**
 * A bucket that was used before may be away when a server starts: runs that wait to store their work need the server
 * all the more. Only what has never worked, or is refused, keeps it from starting.
 */
export async function openBucket(
  address: S3Address,
  settings: BucketSettings,
  usedFile: string,
  { logger, clock }: { logger: Logger; clock: Clock },
): Promise<Storage> {
  const place = { ...address, region: regionOf(address, settings), credentials: credentialsOf(settings) };
  const storage = await openS3Storage(place);
  const name = JSON.stringify([address.endpoint, address.bucket, address.prefix]);
  const wasUsed = (await readFile(usedFile, "utf8").catch(() => null)) === name;
  try {
    const trying = probe(storage);
    await (wasUsed ? soon(trying, clock) : trying);
    if (!wasUsed) await noteUsed(usedFile, name, logger);
  } catch (error) {
    if (!isAgencyError(error)) throw error;
    const { code, message, next } = error;
    if (wasUsed && error instanceof BucketAwayError) {
      logger.error({ message }, "the bucket is away: nothing can be stored or read until it is back");
      return storage;
    }
    throw new AgencyError(code, `AGENCY_STORAGE cannot be used: ${message}`, {
      ...(next === undefined ? {} : { next }),
      cause: error,
    });
  }
  return storage;
}

/** The bucket works all the same when the data folder's disk is full. */
async function noteUsed(usedFile: string, name: string, logger: Logger): Promise<void> {
  try {
    await writePrivate(usedFile, name);
  } catch (error) {
    logger.warn(
      { err: error },
      "that this bucket works is not written down: a start while it is away will fail",
    );
  }
}

/** What comes of it later shows wherever the storage is used. */
async function soon(trying: Promise<void>, clock: Clock): Promise<void> {
  const over = new AbortController();
  try {
    const late = clock.sleep(PATIENCE_MS, over.signal).then(() => "late");
    if ((await Promise.race([trying, late])) === "late")
      throw new BucketAwayError("unavailable", `it has not answered for ${PATIENCE_MS / 1_000} seconds.`);
  } finally {
    over.abort();
  }
}

/** Everything a server has to be allowed, tried once before any task relies on it. */
async function probe(storage: Storage): Promise<void> {
  const key = `probe/${randomUUID()}`;
  await storage.put(key, new TextEncoder().encode("Agency tries whether it can use this bucket.\n"));
  const found = await storage.stat(key);
  await storage.list("probe", { limit: 1 });
  const read = await storage.get(key);
  await storage.delete(key);
  if (found !== null && read?.byteLength === found.bytes) return;
  throw new AgencyError("unavailable", "what was stored there could not be read back at once.", {
    next: "Use a server that shows an object as soon as it is stored.",
  });
}

function regionOf({ region, endpoint }: S3Address, { awsRegion }: BucketSettings): string {
  const found = region ?? awsRegion ?? (endpoint === null ? null : USUAL_REGION);
  if (found !== null) return found;
  throw new AgencyError("invalid_request", "AGENCY_STORAGE names a bucket of AWS, but no region.", {
    next: "Add ?region=… to it, or set AWS_REGION.",
  });
}

function credentialsOf(settings: BucketSettings): S3Credentials | null {
  const { awsAccessKeyId: accessKeyId, awsSecretAccessKey: secretAccessKey, awsSessionToken } = settings;
  if (accessKeyId === null && secretAccessKey === null) return null;
  if (accessKeyId !== null && secretAccessKey !== null)
    return { accessKeyId, secretAccessKey, sessionToken: awsSessionToken ?? undefined };
  const missing = accessKeyId === null ? "AWS_ACCESS_KEY_ID" : "AWS_SECRET_ACCESS_KEY";
  throw new AgencyError("invalid_request", `${missing} is not set, but the other half of the key is.`, {
    next: "Set both, or neither to use the role of this machine.",
  });
}
