import { randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import { taskSchema } from "@agency/contract";
import { createEmptyDatabase } from "@agency/testing";
import { expect, it } from "vitest";
import { DEFAULT_ACCOUNT_ID } from "../accounts.ts";
import { openDatabase } from "../database.ts";
import type { Database } from "../database.ts";
import { selectTask } from "./select.ts";
import { toTask } from "./view.ts";

const migration = (name: string) =>
  readFile(new URL(`../../migrations/${name}.sql`, import.meta.url), "utf8");
const LATER = [
  "0005-waits",
  "0006-budgets",
  "0007-secrets",
  "0008-artifacts",
  "0009-retention",
  "0010-kept-sandboxes",
  "0011-uploads",
];
/** What a request said before tasks could wait. */
const OLD_SPEC = {
  limits: { wallMs: 1_000, silenceMs: 1_000, turns: 1, costUsd: 5 },
  network: "none",
  repository: null,
  env: {},
  command: null,
  demo: false,
};

async function insertOld(db: Database, state: string, reason: string | null): Promise<string> {
  const id = randomUUID();
  await db.query(
    `with task as (
       insert into tasks (id, account_id, state, reason, attempts_left, name, prompt, engine, provider, spec, created_at)
       values ($1, $2, $3, $4, 3, 'n', 'p', 'claude', 'local', $5, now()) returning id)
     insert into task_heads (task_id) select id from task`,
    [id, DEFAULT_ACCOUNT_ID, state, reason, JSON.stringify(OLD_SPEC)],
  );
  return id;
}

it("tasks from before there were waits, and artifacts, can be read, and those that waited still do", async () => {
  const home = await createEmptyDatabase();
  const db = openDatabase({ connectionString: home.connectionString });
  try {
    for (const name of ["0001-accounts", "0002-tasks", "0003-events", "0004-ledger"])
      await db.query(await migration(name));
    const queued = await insertOld(db, "queued", null);
    const waiting = await insertOld(db, "waiting", "budget");
    const result = { summary: "done", workspace: null, files: 1, added: 1, removed: 0 };
    await db.query("update tasks set result = $2 where id = $1", [queued, JSON.stringify(result)]);
    for (const name of LATER) await db.query(await migration(name));
    const read = async (id: string) => {
      const row = await selectTask(db, id);
      return row === null ? null : taskSchema.parse(toTask(row));
    };
    expect(await read(queued)).toMatchObject({
      waits: [],
      approve: "none",
      onBudget: "stop",
      deliver: "files",
      resumedFrom: null,
      result: { ...result, commit: null, branch: null, undelivered: null, checks: [] },
      limits: { turns: 1, outputBytes: 1_073_741_824, eventsPerSecond: 10_000 },
    });
    expect(await read(waiting)).toMatchObject({ waits: [{ id: "budget", reason: "budget", until: null }] });
  } finally {
    await db.close();
    await home.drop();
  }
});
