import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { AgencyError } from "@agency/contract";
import type { Database, Sql } from "./database.ts";
import { LOCKS } from "./locks.ts";

const FOLDER = new URL("../migrations/", import.meta.url);
const OLDEST_MAJOR = 15;

interface Migration {
  name: string;
  sql: string;
  checksum: string;
}

/** Brings the database to the code's schema. Two processes at once do it once. */
export async function migrate(db: Database): Promise<string[]> {
  const migrations = await readMigrations();
  return db.tx(async (tx) => {
    await refuseOldServer(tx);
    await tx.query("select pg_advisory_xact_lock($1)", [LOCKS.migrate]);
    await tx.query(
      `create table if not exists schema_migrations (
         name text primary key, checksum text not null, applied_at timestamptz not null default now())`,
    );
    const { rows } = await tx.query<{ name: string; checksum: string }>(
      "select name, checksum from schema_migrations",
    );
    refuseForeign(rows, migrations);
    const applied = new Set(rows.map((row) => row.name));
    const fresh = migrations.filter((migration) => !applied.has(migration.name));
    for (const migration of fresh) await apply(tx, migration);
    return fresh.map((migration) => migration.name);
  });
}

async function readMigrations(): Promise<Migration[]> {
  const names = (await readdir(FOLDER)).filter((name) => /^\d{4}-.+\.sql$/.test(name)).sort();
  return Promise.all(
    names.map(async (name) => {
      const sql = await readFile(new URL(name, FOLDER), "utf8");
      return { name, sql, checksum: createHash("sha256").update(sql).digest("hex") };
    }),
  );
}

async function refuseOldServer(tx: Sql): Promise<void> {
  const { rows } = await tx.query<{ server_version_num: string }>("show server_version_num");
  const major = Math.floor(Number(rows[0]?.server_version_num ?? 0) / 10_000);
  if (major >= OLDEST_MAJOR) return;
  throw new AgencyError(
    "unavailable",
    `PostgreSQL ${OLDEST_MAJOR} or newer is needed; this server is ${major}.`,
    {
      next: "Upgrade it, or unset DATABASE_URL to use the one Agency brings.",
    },
  );
}

function refuseForeign(rows: { name: string; checksum: string }[], migrations: Migration[]): void {
  const known = new Map(migrations.map((migration) => [migration.name, migration.checksum]));
  for (const { name, checksum } of rows) {
    const ours = known.get(name);
    if (ours === undefined) {
      throw new AgencyError("unavailable", `The database was written by a newer Agency (it has ${name}).`, {
        next: "Start that version again, or restore a backup from before the upgrade.",
      });
    }
    if (ours !== checksum) {
      throw new AgencyError(
        "unavailable",
        `The migration ${name} is not the one this database was made with.`,
        {
          next: "Restore the original file: a migration never changes once it was applied.",
        },
      );
    }
  }
}

async function apply(tx: Sql, { name, sql, checksum }: Migration): Promise<void> {
  await tx.query(sql);
  await tx.query("insert into schema_migrations (name, checksum) values ($1, $2)", [name, checksum]);
}
