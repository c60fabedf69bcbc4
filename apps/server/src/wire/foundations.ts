import { createApiKeys, createTokens, createUploadLanes, systemClock, UPLOAD_LANES } from "@agency/control";
import type { ApiKeys, Tokens, UploadAdmission } from "@agency/control";
import type { Settings } from "@agency/contract";
import type { Bus, Logger, Queue, Storage } from "@agency/core";
import { createBus, createQueue, DEFAULT_ACCOUNT_ID } from "@agency/postgres";
import { ensureApiKey } from "./api-key.ts";
import type { Closers } from "./closers.ts";
import { openDataFolder } from "./data-folder.ts";
import type { DataFolder } from "./data-folder.ts";
import { openStorage } from "./storage.ts";
import { openStore } from "./store.ts";
import type { OpenStore } from "./store.ts";
import { createStores } from "./stores.ts";
import type { Stores } from "./stores.ts";

/** What keeps state, and what everything else stands on. */
export interface Foundations {
  folder: DataFolder;
  store: OpenStore;
  queue: Queue;
  bus: Bus;
  stores: Stores;
  storage: Storage;
  admission: UploadAdmission;
  tokens: Tokens;
  apiKeys: ApiKeys;
}

/** Connections besides those of the tasks: requests, chores, the queue's upkeep. */
const SPARE_CONNECTIONS = 10;

export async function layFoundations(
  { settings, data }: { settings: Settings; data: string },
  logger: Logger,
  closers: Closers,
): Promise<Foundations> {
  const folder = await openDataFolder(data);
  const poolSize = settings.maxRunning + SPARE_CONNECTIONS;
  const store = closers.add("database", await openStore(folder, settings, poolSize, logger));
  const maxRunning = settings.maxRunningPerAccount ?? settings.maxRunning;
  const queue = createQueue({ db: store.db, logger, maxRunning });
  await queue.start();
  closers.add("queue", { close: () => queue.stop() });
  // Only one server can hold its own database: what was claimed before was claimed by one that died.
  if (store.kind === "embedded") await queue.reclaim();
  const { connectionString } = store;
  const bus = closers.add("bus", createBus({ connectionString, clock: systemClock, logger }));
  await bus.ready;
  const storage = await openStorage(settings, folder, logger, closers);
  const stores = createStores(store.db, queue, storage);
  const apiKeys = createApiKeys({ store: stores.apiKeys, pepper: folder.secret, now: () => Date.now() });
  await ensureApiKey(apiKeys, folder.root, DEFAULT_ACCOUNT_ID);
  const accountBytes = settings.accountBytes === 0 ? null : settings.accountBytes;
  const admission = { accountBytes, lanes: createUploadLanes(UPLOAD_LANES), clock: systemClock };
  const tokens = createTokens(folder.secret);
  return { folder, store, queue, bus, stores, storage, admission, tokens, apiKeys };
}
