import type { Settings } from "@agency/contract";
import { createChores, systemClock } from "@agency/control";
import type { Clock, Logger, Storage } from "@agency/core";
import { openLocalStorage } from "@agency/storage";
import { openBucket } from "./bucket.ts";
import type { BucketSettings } from "./bucket.ts";
import type { Closers } from "./closers.ts";
import type { DataFolder } from "./data-folder.ts";

type StorageSettings = BucketSettings & Pick<Settings, "storage" | "freeBytes">;

const MINUTE_MS = 60 * 1000;
const DAY_MS = 24 * 60 * MINUTE_MS;

/** The storage that is set, tried. Throws a sentence when it cannot be used. */
export async function openStorage(
  settings: StorageSettings,
  folder: Pick<DataFolder, "storage" | "bucketUsed">,
  logger: Logger,
  closers: Closers,
  clock: Clock = systemClock,
): Promise<Storage> {
  const { storage: address } = settings;
  const storage =
    address.kind === "local"
      ? await openLocalStorage(folder.storage, settings)
      : await openBucket(address, settings, folder.bucketUsed, { logger, clock });
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
