// Writes packages/postgres/schema.sql from the migrations, on a server of its own.
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { dumpSchema, openDatabase, prepareDatabase, startEmbeddedPostgres } from "@agency/postgres";

const ignore = () => {};
const silent = { debug: ignore, info: ignore, warn: ignore, error: console.error, child: () => silent };

const folder = await mkdtemp(join(tmpdir(), "agency-schema-"));
await chmod(folder, 0o755);
try {
  const server = await startEmbeddedPostgres({
    dataDir: join(folder, "data"),
    runtimeDir: join(folder, "run"),
    logger: silent,
    settings: { fsync: "off" },
  });
  try {
    const db = openDatabase({ connectionString: server.connectionString });
    await prepareDatabase(db, Date.now());
    await writeFile(new URL("../packages/postgres/schema.sql", import.meta.url), await dumpSchema(db));
    await db.close();
  } finally {
    await server.stop();
  }
} finally {
  await rm(folder, { recursive: true, force: true });
}
