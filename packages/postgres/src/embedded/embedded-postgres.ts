import type { Logger } from "@agency/core";
import { findBinaries } from "./binaries.ts";
import type { Binaries } from "./binaries.ts";
import { ensureCluster, writeAccessRules } from "./cluster.ts";
import { lockFolder } from "./folder-lock.ts";
import type { FolderLock } from "./folder-lock.ts";
import { prepareDataFolder, prepareSocketFolder } from "./layout.ts";
import type { Layout } from "./layout.ts";
import { launchPostmaster, stopPostmaster } from "./postmaster.ts";
import type { Postmaster } from "./postmaster.ts";
import { chooseServerUser } from "./server-user.ts";
import type { ServerUser } from "./server-user.ts";
import { serverSettings, settingsStamp, SUPERUSER } from "./settings.ts";
import type { Settings } from "./settings.ts";
import { removeOtherStages } from "./stage-binaries.ts";
import { takeOver } from "./take-over.ts";

export interface EmbeddedPostgresOptions {
  /** Kept: the database itself. */
  dataDir: string;
  /** May vanish at a reboot: the socket. */
  runtimeDir: string;
  logger: Logger;
  /** A folder with other PostgreSQL programs to use instead of the bundled ones. */
  binDir?: string;
  settings?: Settings;
}

export interface EmbeddedPostgres {
  connectionString: string;
  host: string;
  port: number;
  user: string;
  pid: number;
  /** True when an earlier process had left the server running. */
  adopted: boolean;
  /** Idempotent; resolves when the server is gone and the folder is free. */
  stop(): Promise<void>;
  /** Resolves when the server is gone. `expected` tells whether stop() did it. */
  exited: Promise<{ expected: boolean; detail: string }>;
}

/** A PostgreSQL of our own beside the server: local socket only, one supervisor a data folder. */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const user = await chooseServerUser();
  const data = await prepareDataFolder(options.dataDir, user);
  const lock = await lockFolder(data.lock, data.root);
  try {
    const socketDir = await prepareSocketFolder(options.runtimeDir, data.root, user);
    const layout: Layout = { ...data, socketDir };
    const binaries = await findBinaries(options.binDir, layout.root, user);
    const settings = serverSettings(binaries.major, socketDir, options.settings ?? {});
    const started = await adoptOrStart({ layout, binaries, user, settings, options });
    await removeOtherStages(layout.root, binaries.postgres);
    return supervise(started, layout.cluster, lock, options.logger);
  } catch (error) {
    await lock.release();
    throw error;
  }
}

interface Start {
  layout: Layout;
  binaries: Binaries;
  user: ServerUser;
  settings: Settings;
  options: EmbeddedPostgresOptions;
}

async function adoptOrStart({ layout, binaries, user, settings, options }: Start): Promise<Started> {
  const startedAt = performance.now();
  const { logger } = options;
  await ensureCluster(layout, binaries, user, { durable: settings["fsync"] !== "off", logger });
  const found = await takeOver(layout, settingsStamp(binaries.version, settings), logger);
  if (found !== null) return { postmaster: found, adopted: true };
  await writeAccessRules(layout.cluster, user);
  const postmaster = await launchPostmaster({ layout, binaries, user, settings, logger });
  const ms = Math.round(performance.now() - startedAt);
  logger.info({ pid: postmaster.pid, version: binaries.version, ms }, "The database server is up.");
  return { postmaster, adopted: false };
}

interface Started {
  postmaster: Postmaster;
  adopted: boolean;
}

function supervise(
  { postmaster, adopted }: Started,
  cluster: string,
  lock: FolderLock,
  logger: Logger,
): EmbeddedPostgres {
  let stopping: Promise<void> | null = null;
  const exited = postmaster.gone.then((detail) => {
    const expected = stopping !== null;
    if (!expected) logger.error({ pid: postmaster.pid, detail }, "The database server ended unexpectedly.");
    return { expected, detail };
  });
  const stop = async (): Promise<void> => {
    await stopPostmaster(postmaster.pid, cluster);
    if (!adopted) await exited;
    await lock.release();
  };
  return {
    connectionString: `postgresql://${SUPERUSER}@${encodeURIComponent(postmaster.socketDir)}:${postmaster.port}/postgres`,
    host: postmaster.socketDir,
    port: Number(postmaster.port),
    user: SUPERUSER,
    pid: postmaster.pid,
    adopted,
    stop: () => (stopping ??= stop()),
    exited,
  };
}
