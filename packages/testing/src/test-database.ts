import { randomBytes } from "node:crypto";
import { connect } from "node:net";
import { text } from "node:stream/consumers";
import { openDatabase } from "@agency/postgres";
import { inject } from "vitest";
import { inDatabase, TEMPLATE } from "./test-cluster.ts";

export interface TestDatabase {
  connectionString: string;
  database: string;
  drop(): Promise<void>;
}

/** A database of one's own with the newest schema: a copy of the run's template. One a test file. */
export function createTestDatabase(): Promise<TestDatabase> {
  return create(`template ${TEMPLATE}`);
}

/** An empty one, for tests of the migrations themselves. */
export function createEmptyDatabase(): Promise<TestDatabase> {
  return create("");
}

async function create(from: string): Promise<TestDatabase> {
  const admin = await adminUrl();
  const database = `test_${randomBytes(8).toString("hex")}`;
  await asAdmin(admin, `create database ${database} ${from}`);
  return {
    connectionString: inDatabase(admin, database),
    database,
    drop: () => asAdmin(admin, `drop database if exists ${database} with (force)`),
  };
}

async function asAdmin(url: string, sql: string): Promise<void> {
  const db = openDatabase({ connectionString: url, max: 1 });
  try {
    await db.query(sql);
  } finally {
    await db.close();
  }
}

async function adminUrl(): Promise<string> {
  const answer: unknown = JSON.parse(await text(connect(inject("testCluster"), "127.0.0.1")));
  if (typeof answer === "object" && answer !== null && "url" in answer) return String(answer.url);
  throw new Error(`no test database: ${JSON.stringify(answer)}`);
}
