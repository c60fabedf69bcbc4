import { createTestDatabase } from "@agency/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { TestDatabase } from "@agency/testing";
import { DEFAULT_ACCOUNT_ID } from "../accounts.ts";
import { openDatabase } from "../database.ts";
import type { Database } from "../database.ts";
import { createFeedStore } from "./feed.ts";
import { createOverviewStore } from "./store.ts";

let home: TestDatabase;
let db: Database;
beforeAll(async () => {
  home = await createTestDatabase();
  db = openDatabase({ connectionString: home.connectionString, max: 4 });
});
afterAll(async () => {
  await db.close();
  await home.drop();
});

describe("what lists show", () => {
  it("is nothing of an account without tasks", async () => {
    const feed = createFeedStore(db);
    expect((await feed.snapshot(DEFAULT_ACCOUNT_ID, { live: 5, recent: 5 })).tasks).toEqual([]);
    expect(await createOverviewStore(db).waitingForStart(DEFAULT_ACCOUNT_ID, 0)).toEqual({
      running: 0,
      waiting: [],
    });
  });
});
