import type { Logger } from "@agency/core";
import { openDatabase, prepareDatabase, startEmbeddedPostgres } from "@agency/postgres";
import type { Database } from "@agency/postgres";
import type { DataFolder } from "./data-folder.ts";

export interface OpenStore {
  db: Database;
  connectionString: string;
  kind: "embedded" | "external";
  /** Resolves when our own database server died by itself; never for an external one. */
  lost: Promise<string>;
  close(): Promise<void>;
}

/** The database to use, migrated: the one named by DATABASE_URL, or our own beside us. */
export async function openStore(
  folder: DataFolder,
  settings: { databaseUrl: string | null; postgresPrograms: string | null },
  poolSize: number,
  logger: Logger,
): Promise<OpenStore> {
  const { databaseUrl, postgresPrograms } = settings;
  const server = databaseUrl === null ? await startOwn(folder, postgresPrograms, logger) : null;
  const connectionString = server?.connectionString ?? databaseUrl ?? "";
  const db = openDatabase({
    connectionString,
    max: poolSize,
    onIdleError: (error) =>
      logger.warn({ err: error }, "a database connection was lost; it is opened again when needed"),
  });
  const close = async () => {
    await db.close();
    await server?.stop();
  };
  try {
    await prepareDatabase(db, Date.now());
  } catch (error) {
    await close();
    throw error;
  }
  return { db, connectionString, kind: server ? "embedded" : "external", lost: lostOf(server), close };
}

function startOwn(folder: DataFolder, binDir: string | null, logger: Logger) {
  return startEmbeddedPostgres({
    dataDir: folder.postgres,
    runtimeDir: folder.run,
    logger,
    ...(binDir === null ? {} : { binDir }),
  });
}

async function lostOf(server: Awaited<ReturnType<typeof startOwn>> | null): Promise<string> {
  const exit = await server?.exited;
  return exit === undefined || exit.expected ? new Promise(() => {}) : exit.detail;
}
