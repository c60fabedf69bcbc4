import { randomBytes, randomUUID } from "node:crypto";
import type { AuditLog, SecretStore } from "@agency/core";
import { createAuditLog, createSecretStore, DEFAULT_ACCOUNT_ID, openDatabase } from "@agency/postgres";
import type { Database } from "@agency/postgres";
import { createTestDatabase } from "@agency/testing";
import { createKeyRing } from "../key-ring.ts";
import type { KeyRing } from "../key-ring.ts";
import type { SecretDeps } from "../manage-secrets.ts";
import { serverSecrets } from "../server-secrets.ts";
import { createVault } from "../vault.ts";
import { startVendors } from "./fake-vendors.ts";
import type { FakeVendors } from "./fake-vendors.ts";

export const ACCOUNT = DEFAULT_ACCOUNT_ID;

/** A database, the vendors, and a clock that is turned by hand. */
export interface SecretGround extends AsyncDisposable {
  readonly db: Database;
  readonly store: SecretStore;
  readonly audit: AuditLog;
  readonly vendors: FakeVendors;
  readonly clock: { now: number };
  readonly otherAccount: string;
  /** A server as it is after its start: nothing in memory yet. */
  start(ring?: KeyRing): SecretDeps;
  /** A task to which secrets can be given. */
  addTask(finished?: boolean): Promise<string>;
  /** Every table, every row, as text. */
  dump(): Promise<string>;
}

export async function secretGround(): Promise<SecretGround> {
  const home = await createTestDatabase();
  const db = openDatabase({ connectionString: home.connectionString, max: 4 });
  const clock = { now: Date.parse("2026-11-21T10:00:00Z") };
  const now = () => clock.now;
  const vendors = await startVendors(now);
  const store = createSecretStore(db);
  const otherAccount = randomUUID();
  await db.query("insert into accounts (id, name) values ($1, 'other')", [otherAccount]);
  const firstRing = createKeyRing([{ id: "k1", key: randomBytes(32) }], now);
  return {
    db,
    store,
    audit: createAuditLog(db),
    vendors,
    clock,
    otherAccount,
    start: (ring = firstRing) => ({
      store,
      ring,
      vault: createVault({ store, ring, now }),
      vendors: vendors.addresses,
      serverSecrets: serverSecrets({
        anthropicApiKey: "sk-ant-api03-of-the-server-0001",
        claudeCodeOauthToken: null,
        openaiApiKey: null,
        githubToken: "ghp_of_the_server_0001",
      }),
      now,
    }),
    addTask: (finished = false) => addTask(db, finished),
    dump: () => dump(db),
    async [Symbol.asyncDispose]() {
      await vendors[Symbol.asyncDispose]();
      await db.close();
      await home.drop();
    },
  };
}

async function addTask(db: Database, finished: boolean): Promise<string> {
  const id = randomUUID();
  await db.query(
    `insert into tasks (id, account_id, state, attempts_left, name, prompt, engine, provider, spec, created_at, finished_at)
     values ($1, $2, $3, 1, 'a task', 'do it', 'claude', 'local', '{}', now(), $4)`,
    [id, ACCOUNT, finished ? "completed" : "running", finished ? new Date() : null],
  );
  return id;
}

async function dump(db: Database): Promise<string> {
  const { rows: tables } = await db.query<{ name: string }>(
    `select quote_ident(table_schema) || '.' || quote_ident(table_name) as name from information_schema.tables
     where table_type = 'BASE TABLE' and table_schema not in ('pg_catalog', 'information_schema')`,
  );
  const texts: string[] = [];
  for (const { name } of tables) {
    const { rows } = await db.query<{ text: string }>(`select t::text as text from ${name} t`);
    texts.push(name, ...rows.map((row) => row.text));
  }
  return texts.join("\n");
}
