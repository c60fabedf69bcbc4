import { readdir, readFile } from "node:fs/promises";
import { createEmptyDatabase } from "@agency/testing";
import { expect, it } from "vitest";
import { DEFAULT_ACCOUNT_ID } from "../accounts.ts";
import { openDatabase } from "../database.ts";

const FOLDER = new URL("../../migrations/", import.meta.url);
const [ROOT, CHILD, ALONE] = [1, 2, 3].map((n) => `019a0000-0000-7000-8000-00000000000${n}`);

it("knows of what was spent before there were budgets of trees, days and months", async () => {
  const home = await createEmptyDatabase();
  const db = openDatabase({ connectionString: home.connectionString, max: 1 });
  try {
    const names = (await readdir(FOLDER)).filter((name) => /^000[1-6]-/.test(name)).sort();
    const migrations = await Promise.all(names.map((name) => readFile(new URL(name, FOLDER), "utf8")));
    for (const sql of migrations.slice(0, 5)) await db.query(sql);
    for (const [id, parent, cost] of [
      [ROOT, null, 1],
      [CHILD, ROOT, 2],
      [ALONE, null, 0],
    ]) {
      await db.query(
        `insert into tasks (id, account_id, state, attempts_left, name, prompt, engine, provider, spec, parent_id, cost_usd, created_at)
         values ($1, $2, 'running', 3, 'n', 'p', 'claude', 'local', '{}', $3, $4, now())`,
        [id, DEFAULT_ACCOUNT_ID, parent, cost],
      );
    }
    for (const [key, cost, at] of [
      ["a", 1, "2026-10-31T23:59:59Z"],
      ["b", 2, "2026-11-01T00:00:00Z"],
    ]) {
      await db.query(
        `insert into model_calls (id, account_id, task_id, epoch, vendor, model, key, input, output, cache_read, cache_write,
           cost_usd, status, duration_ms, at)
         values (gen_random_uuid(), $1, $2, 1, 'v', 'm', $3, 0, 0, 0, 0, $4, 200, 1, $5)`,
        [DEFAULT_ACCOUNT_ID, ROOT, key, cost, at],
      );
    }
    await db.query(migrations[5] ?? "");
    const { rows } = await db.query<{ name: string; spent: number }>(
      "select name, spent_usd::float8 as spent from budget_scopes",
    );
    expect(Object.fromEntries(rows.map(({ name, spent }) => [name, spent]))).toEqual({
      [`task/${ROOT}`]: 1,
      [`task/${CHILD}`]: 2,
      [`task/${ALONE}`]: 0,
      [`tree/${ROOT}`]: 3,
      [`tree/${CHILD}`]: 2,
      [`tree/${ALONE}`]: 0,
      [`day/${DEFAULT_ACCOUNT_ID}/2026-10-31`]: 1,
      [`day/${DEFAULT_ACCOUNT_ID}/2026-11-01`]: 2,
      [`month/${DEFAULT_ACCOUNT_ID}/2026-10`]: 1,
      [`month/${DEFAULT_ACCOUNT_ID}/2026-11`]: 2,
    });
  } finally {
    await db.close();
    await home.drop();
  }
});
