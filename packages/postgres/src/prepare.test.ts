import { readFile } from "node:fs/promises";
import { createEmptyDatabase } from "@agency/testing";
import type { TestDatabase } from "@agency/testing";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openDatabase } from "./database.ts";
import type { Database } from "./database.ts";
import { ensurePartitions } from "./events/partitions.ts";
import { migrate } from "./migrate.ts";
import { prepareDatabase } from "./prepare.ts";
import { dumpSchema } from "./schema-dump.ts";

const NOW = Date.parse("2026-11-21T10:00:00Z");
let home: TestDatabase;
let db: Database;

beforeEach(async () => {
  home = await createEmptyDatabase();
  db = openDatabase({ connectionString: home.connectionString });
});
afterEach(async () => {
  await db.close();
  await home.drop();
});

const partitions = async (): Promise<string[]> => {
  const { rows } = await db.query<{ name: string }>(
    "select inhrelid::regclass::text as name from pg_inherits where inhparent = 'events'::regclass order by 1",
  );
  return rows.map((row) => row.name);
};

describe("a database being prepared", () => {
  it("gets each migration once, with four processes at it at the same time, and a second time none", async () => {
    const others = Array.from({ length: 4 }, () =>
      openDatabase({ connectionString: home.connectionString, max: 3 }),
    );
    await Promise.all(others.map((other) => prepareDatabase(other, NOW)));
    await Promise.all(others.map((other) => other.close()));
    const { rows } = await db.query<{ n: number }>("select count(*) as n from schema_migrations");
    expect(rows[0]?.n).toBeGreaterThan(0);
    expect(await migrate(db)).toEqual([]);
    expect(await db.query("select name from accounts")).toMatchObject({ rows: [{ name: "default" }] });
  });

  it("has the schema that is checked in (else run `npm run db:dump`)", async () => {
    await prepareDatabase(db, NOW);
    const checkedIn = await readFile(new URL("../schema.sql", import.meta.url), "utf8");
    expect(await dumpSchema(db)).toBe(checkedIn);
  });

  it("is refused when a newer Agency has been at it", async () => {
    await migrate(db);
    await db.query("insert into schema_migrations (name, checksum) values ('9999-later.sql', 'x')");
    await expect(migrate(db)).rejects.toMatchObject({
      code: "unavailable",
      message: expect.stringContaining("newer Agency (it has 9999-later.sql)"),
    });
  });

  it("is refused when one of its migrations was changed afterwards", async () => {
    await migrate(db);
    await db.query("update schema_migrations set checksum = 'x' where name like '0001%'");
    await expect(migrate(db)).rejects.toMatchObject({
      message: expect.stringMatching(/0001-.*is not the one this database was made with/),
    });
  });

  it("is refused on a server that is too old, naming both versions", async () => {
    const old: Database = {
      ...db,
      tx: (work) =>
        work({ query: async () => ({ rows: [{ server_version_num: "140011" }] as never[], rowCount: 1 }) }),
    };
    await expect(migrate(old)).rejects.toMatchObject({
      code: "unavailable",
      message: "PostgreSQL 15 or newer is needed; this server is 14.",
    });
  });
});

describe("the partitions of events", () => {
  const idAt = (at: number, n: number): string => {
    const hex = at.toString(16).padStart(12, "0");
    return `${hex.slice(0, 8)}-${hex.slice(8)}-7000-8000-${String(n).padStart(12, "0")}`;
  };
  const write = (id: string) =>
    db.query(
      "insert into events (task_id, seq, at, epoch, type, data) values ($1, 1, now(), 0, 'log', '{}')",
      [id],
    );
  const homeOf = async (id: string): Promise<unknown> => {
    const { rows } = await db.query(
      "select tableoid::regclass::text as home from events where task_id = $1",
      [id],
    );
    return rows;
  };

  it("are made for this week and four more, once", async () => {
    await migrate(db);
    const made = await ensurePartitions(db, NOW);
    expect(made).toEqual([
      "events_2026_11_19",
      "events_2026_11_26",
      "events_2026_12_03",
      "events_2026_12_10",
      "events_2026_12_17",
    ]);
    expect(await ensurePartitions(db, NOW)).toEqual([]);
    expect(await partitions()).toEqual([...made, "events_default"]);
    await write(idAt(NOW, 1));
    expect(await homeOf(idAt(NOW, 1))).toEqual([{ home: "events_2026_11_19" }]);
  });

  it("can be made by several processes at once", async () => {
    await migrate(db);
    const made = await Promise.all([1, 2, 3].map(() => ensurePartitions(db, NOW)));
    expect(made.flat().toSorted()).toEqual((await partitions()).filter((name) => name !== "events_default"));
  });

  it("take along what the default one had to hold before they were made", async () => {
    await migrate(db);
    const [early, far] = [idAt(NOW, 1), idAt(NOW + 300 * 86_400_000, 2)];
    await write(early);
    await write(far);
    expect(await homeOf(early)).toEqual([{ home: "events_default" }]);
    await ensurePartitions(db, NOW);
    expect(await homeOf(early)).toEqual([{ home: "events_2026_11_19" }]);
    expect(await homeOf(far)).toEqual([{ home: "events_default" }]);
  });

  it("are found by the task's id alone", async () => {
    await migrate(db);
    await ensurePartitions(db, NOW);
    const { rows } = await db.query<{ "QUERY PLAN": string }>(
      `explain select * from events where task_id = '${idAt(NOW, 1)}' and seq > 5 order by seq limit 10`,
    );
    const plan = rows.map((row) => row["QUERY PLAN"]).join("\n");
    expect(plan).toContain("events_2026_11_19");
    expect(plan).not.toContain("events_default");
  });
});
