import type { PairingRecord } from "@agency/core";
import { createTestDatabase } from "@agency/testing";
import type { TestDatabase } from "@agency/testing";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { openDatabase } from "../database.ts";
import type { Database } from "../database.ts";
import { createPairingStore } from "./pairings.ts";

const MINUTE = 60_000;
const START = Date.UTC(2026, 10, 21);
let home: TestDatabase;
let db: Database;

beforeAll(async () => {
  home = await createTestDatabase();
  db = openDatabase({ connectionString: home.connectionString, max: 4 });
});
beforeEach(() => db.query("delete from pairing_requests"));
afterAll(async () => {
  await db?.close();
  await home?.drop();
});

const asking = (n: number, requestedAt = START + n): PairingRecord => ({
  id: `01900000-0000-7000-8000-${String(n).padStart(12, "0")}`,
  codeHmac: Buffer.from(`code ${n}`),
  secretHmac: Buffer.from("secret"),
  name: "a device",
  address: `192.0.2.${n}`,
  requestedAt,
  expiresAt: requestedAt + 10 * MINUTE,
  decision: null,
  accountId: null,
});

it("says whether a new device had room, and otherwise removes the one that gives way", async () => {
  const store = createPairingStore(db);
  const asked: string[][] = [];
  const add = (one: PairingRecord) =>
    store.add(one, 2, (waiting) => {
      asked.push(waiting.map(({ address }) => address).toSorted());
      return asking(1).id;
    });
  expect([await add(asking(1)), await add(asking(2)), await add(asking(3))]).toEqual([true, true, false]);
  expect(asked).toEqual([["192.0.2.1", "192.0.2.2", "192.0.2.3"]]);
  expect(await store.find(asking(1).id)).toBeNull();
  expect(await store.find(asking(3).id)).toEqual(asking(3));
});

it("makes room of those whose time is over before anybody gives way", async () => {
  const store = createPairingStore(db);
  await store.add(asking(1), 1, () => null);
  expect(await store.add(asking(2, START + 11 * MINUTE), 1, () => asking(2).id)).toBe(true);
  expect(await store.find(asking(1).id)).toBeNull();
});

it("never has more than have room, however many ask at once", async () => {
  const store = createPairingStore(db);
  const many = Array.from({ length: 12 }, (_, n) => asking(n + 1));
  const had = await Promise.all(many.map((one) => store.add(one, 5, (waiting) => waiting[0]?.id ?? null)));
  expect(had.filter(Boolean)).toHaveLength(5);
  expect((await db.query("select 1 from pairing_requests")).rowCount).toBe(5);
});
