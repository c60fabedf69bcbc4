import { randomUUID } from "node:crypto";
import type { AuditLog, AuditRow } from "@agency/core";
import { createTestDatabase } from "@agency/testing";
import type { TestDatabase } from "@agency/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { DEFAULT_ACCOUNT_ID } from "../accounts.ts";
import { openDatabase } from "../database.ts";
import type { Database } from "../database.ts";
import { createAuditLog } from "./log.ts";

const NOW = Date.parse("2026-11-21T10:00:00Z");
let home: TestDatabase;
let db: Database;
let log: AuditLog;
let entries: AuditRow[];

beforeAll(async () => {
  home = await createTestDatabase();
  db = openDatabase({ connectionString: home.connectionString, max: 2 });
  log = createAuditLog(db);
  // The second and third are of one moment, the last of a clock that was set back; their ids say nothing of the order.
  entries = [0, 1, 1, 2, -3].map((minutes, n) => ({
    id: `00000000-0000-7000-8000-00000000000${9 - n}`,
    accountId: DEFAULT_ACCOUNT_ID,
    actor: "key 1",
    action: "secret.set",
    target: `GIT_TOKEN@${n}.example`,
    detail: { hint: "…abcd" },
    at: NOW + minutes * 60_000,
  }));
  for (const entry of entries) await log.add(entry);
});
afterAll(async () => {
  await db.close();
  await home.drop();
});

describe("the audit log", () => {
  it("is read in the order it was written, newest first, page by page", async () => {
    const pages: AuditRow[][] = [];
    let cursor: string | null = null;
    do {
      const page = await log.list(DEFAULT_ACCOUNT_ID, { cursor, limit: 2 });
      pages.push(page.entries);
      cursor = page.nextCursor;
    } while (cursor !== null);
    expect(pages.map((page) => page.length)).toEqual([2, 2, 1]);
    expect(pages.flat()).toEqual(entries.toReversed());
  });

  it("is each account's own, and takes only its own cursors", async () => {
    expect(await log.list(randomUUID(), { cursor: null, limit: 9 })).toEqual({
      entries: [],
      nextCursor: null,
    });
    await expect(log.list(DEFAULT_ACCOUNT_ID, { cursor: "x", limit: 9 })).rejects.toMatchObject({
      code: "invalid_request",
    });
  });

  it.each([
    "update audit_log set actor = 'nobody'",
    "delete from audit_log",
    "truncate audit_log",
    "truncate accounts cascade",
  ])("refuses: %s", async (sql) => {
    await expect(db.query(sql)).rejects.toThrow("the audit log is append only");
    expect((await log.list(DEFAULT_ACCOUNT_ID, { cursor: null, limit: 9 })).entries).toHaveLength(5);
  });
});
