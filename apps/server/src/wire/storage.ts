import { randomUUID } from "node:crypto";
import { AgencyError, isAgencyError } from "@agency/contract";
import type { S3Address, Settings } from "@agency/contract";
import { createChores, systemClock } from "@agency/control";
import type { Logger, Storage } from "@agency/core";
import { openLocalStorage, openS3Storage } from "@agency/storage";
import type { S3Credentials } from "@agency/storage";
import type { Closers } from "./closers.ts";

type StorageSettings = Pick<
  Settings,
  "storage" | "freeBytes" | "awsAccessKeyId" | "awsSecretAccessKey" | "awsSessionToken" | "awsRegion"
>;

const MINUTE_MS = 60 * 1000;
const DAY_MS = 24 * 60 * MINUTE_MS;
/** What servers other than AWS call their only region; most take any. */
const USUAL_REGION = "us-east-1";

/** The storage that is set, proven to work. Throws a sentence when it does not. */
export async function openStorage(
  settings: StorageSettings,
  folder: string,
  logger: Logger,
  closers: Closers,
): Promise<Storage> {
  const { storage: address } = settings;
  const storage =
    address.kind === "local" ? await openLocalStorage(folder, settings) : await openBucket(address, settings);
  const sweep = {
    name: "storage sweep",
    everyMs: DAY_MS,
    afterMs: MINUTE_MS,
    run: () => storage.sweep(Date.now() - DAY_MS),
  };
  const chores = createChores({ clock: systemClock, logger, chores: [sweep] });
  chores.start();
  closers.add("storage", { close: () => chores.stop() });
  return storage;
}

async function openBucket(address: S3Address, settings: StorageSettings): Promise<Storage> {
  const place = { ...address, region: regionOf(address, settings), credentials: credentialsOf(settings) };
  const storage = await openS3Storage(place);
  try {
    await probe(storage);
  } catch (error) {
    if (!isAgencyError(error)) throw error;
    const { code, message, next } = error;
    throw new AgencyError(code, `AGENCY_STORAGE cannot be used: ${message}`, {
      ...(next === undefined ? {} : { next }),
      cause: error,
    });
  }
  return storage;
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

function regionOf({ region, endpoint }: S3Address, { awsRegion }: StorageSettings): string {
  const found = region ?? awsRegion ?? (endpoint === null ? null : USUAL_REGION);
  if (found !== null) return found;
  throw new AgencyError("invalid_request", "AGENCY_STORAGE names a bucket of AWS, but no region.", {
    next: "Add ?region=… to it, or set AWS_REGION.",
  });
}

function credentialsOf(settings: StorageSettings): S3Credentials | null {
  const { awsAccessKeyId: accessKeyId, awsSecretAccessKey: secretAccessKey, awsSessionToken } = settings;
  if (accessKeyId === null && secretAccessKey === null) return null;
  if (accessKeyId !== null && secretAccessKey !== null)
    return { accessKeyId, secretAccessKey, sessionToken: awsSessionToken ?? undefined };
  const missing = accessKeyId === null ? "AWS_ACCESS_KEY_ID" : "AWS_SECRET_ACCESS_KEY";
  throw new AgencyError("invalid_request", `${missing} is not set, but the other half of the key is.`, {
    next: "Set both, or neither to use the role of this machine.",
  });
}
