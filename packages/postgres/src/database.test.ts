import { createTestDatabase } from "@agency/testing";
import type { TestDatabase } from "@agency/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openDatabase } from "./database.ts";
import type { Database, Sql } from "./database.ts";

let home: TestDatabase;
let db: Database;

beforeAll(async () => {
  home = await createTestDatabase();
  db = openDatabase({ connectionString: home.connectionString, max: 4 });
  await db.query("create table marks (id int primary key, n int not null default 0)");
});
afterAll(async () => {
  await db.close();
  await home.drop();
});

const marks = async () => (await db.query("select id from marks order by id")).rows;

describe("a query", () => {
  it("gives counters as numbers and instants as dates", async () => {
    const { rows } = await db.query(
      "select 9007199254740991::bigint as n, '2026-11-21T10:00:00Z'::timestamptz as at",
    );
    expect(rows).toEqual([{ n: 9_007_199_254_740_991, at: new Date("2026-11-21T10:00:00Z") }]);
  });

  it("gives the rows of several statements as one list", async () => {
    expect((await db.query("select 1 as a; select 2 as a")).rows).toEqual([{ a: 1 }, { a: 2 }]);
  });

  it("leaves the error of a wrong statement as it is", async () => {
    await expect(db.query("select * from nowhere")).rejects.toMatchObject({ code: "42P01" });
  });
});

describe("a transaction", () => {
  it("is undone as a whole when its work fails", async () => {
    const failing = db.tx(async (tx) => {
      await tx.query("insert into marks values (1)");
      throw new Error("no");
    });
    await expect(failing).rejects.toThrow("no");
    expect(await marks()).toEqual([]);
  });

  it("fails when its work hid the failure of a statement, for nothing was committed", async () => {
    const hiding = db.tx(async (tx) => {
      await tx.query("insert into marks values (2)");
      await tx.query("select 1/0").catch(() => {});
    });
    await expect(hiding).rejects.toThrow("nothing was committed");
    expect(await marks()).toEqual([]);
  });

  it("cannot be used after its end", async () => {
    const kept: Sql[] = [];
    await db.tx(async (tx) => void kept.push(tx));
    await expect(kept[0]?.query("insert into marks values (3)")).rejects.toThrow("over");
  });

  it("sends statements that are asked at once one after the other", async () => {
    const answers = await db.tx((tx) =>
      Promise.all([1, 2, 3].map((n) => tx.query("select $1::int as n", [n]))),
    );
    expect(answers.flatMap((answer) => answer.rows)).toEqual([{ n: 1 }, { n: 2 }, { n: 3 }]);
  });

  it("goes again when it was the victim of a deadlock", async () => {
    await db.query("insert into marks values (10), (11)");
    const bothHold = gate(2);
    let runs = 0;
    const crossing = (first: number, second: number) =>
      db.tx(async (tx) => {
        runs += 1;
        await tx.query("update marks set n = n + 1 where id = $1", [first]);
        await bothHold();
        await tx.query("update marks set n = n + 1 where id = $1", [second]);
      });
    await Promise.all([crossing(10, 11), crossing(11, 10)]);
    // On a slow machine the second try can cross the other one again.
    expect(runs).toBeGreaterThanOrEqual(3);
    expect((await db.query("select n from marks")).rows).toEqual([{ n: 2 }, { n: 2 }]);
  });
});

/** Opens when the given number waits, and stays open. */
function gate(count: number): () => Promise<void> {
  const open = Promise.withResolvers<void>();
  let waiting = 0;
  return () => {
    if ((waiting += 1) >= count) open.resolve();
    return open.promise;
  };
}

describe("a database that cannot be used", () => {
  const urls = {
    "no database server at this socket": "postgresql://agency@%2Fnowhere/postgres",
    "refuses connections": "postgresql://agency@127.0.0.1:1/postgres",
  };
  it.each(Object.entries(urls))("is a coded error that says: %s", async (says, connectionString) => {
    const dead = openDatabase({ connectionString });
    const refusal = { code: "unavailable", message: expect.stringContaining(says), next: expect.any(String) };
    await expect(dead.query("select 1")).rejects.toMatchObject(refusal);
    await expect(dead.tx(async () => 1)).rejects.toMatchObject(refusal);
    await dead.close();
  });

  it("is named when the server has no such one", async () => {
    const lost = openDatabase({ connectionString: home.connectionString.replace(/[^/]*$/, "never_made") });
    await expect(lost.query("select 1")).rejects.toMatchObject({
      code: "unavailable",
      message: expect.stringContaining("no database of this name"),
      next: expect.stringContaining("DATABASE_URL"),
    });
    await lost.close();
  });

  it("is usable again, after its connections were cut, without a new pool", async () => {
    const errors: Error[] = [];
    const cut = openDatabase({
      connectionString: home.connectionString,
      max: 2,
      onIdleError: (e) => errors.push(e),
    });
    const during = cut.tx(async (tx) => {
      const { rows } = await tx.query<{ pid: number }>("select pg_backend_pid() as pid");
      await db.query("select pg_terminate_backend($1)", [rows[0]?.pid]);
      await tx.query("select 1");
    });
    await expect(during).rejects.toMatchObject({ code: "unavailable" });
    expect((await cut.query("select 1 as one")).rows).toEqual([{ one: 1 }]);
    await cut.close();
  });
});
