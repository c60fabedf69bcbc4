import { randomUUID } from "node:crypto";
import type { TaskStore } from "@agency/core";
import { createTaskDatabase } from "@agency/testing";
import type { TaskDatabase } from "@agency/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { DEFAULT_ACCOUNT_ID } from "../accounts.ts";
import type { Database } from "../database.ts";
import { newTask } from "../tasks/testing/new-task.ts";

const NOW = Date.parse("2026-11-21T10:00:00Z");
const OTHER = randomUUID();

let ground: TaskDatabase;
let db: Database;
let store: TaskStore;

beforeAll(async () => {
  ground = await createTaskDatabase();
  ({ db, tasks: store } = ground);
  await db.query("insert into accounts (id, name) values ($1, 'other')", [OTHER]);
});
afterAll(() => ground.close());

async function created(accountId = DEFAULT_ACCOUNT_ID): Promise<string> {
  const task = newTask({ accountId });
  await store.create(task, null);
  return task.id;
}

async function apply(id: string, ...commands: Parameters<TaskStore["apply"]>[1][]): Promise<void> {
  for (const command of commands) expect(await store.apply(id, command, NOW)).toMatchObject({ ok: true });
}

describe("the files of a sandbox", () => {
  const discarded = async (id: string) =>
    (await db.query<{ discard: boolean }>("select discard from sandboxes where task_id = $1", [id])).rows;

  it("are given up together with the stop that is accepted, and by nothing else while the task lives", async () => {
    const id = await created();
    await apply(id, { kind: "claim" }, { kind: "provisioned", epoch: 1 }, { kind: "hello", epoch: 1 });
    await store.discardSandbox(id);
    expect(await discarded(id)).toEqual([{ discard: false }]);
    await apply(id, { kind: "cancel", graceMs: 1, discard: true });
    expect(await discarded(id)).toEqual([{ discard: true }]);
  });

  it("are given up of a task that is over when they are left", async () => {
    const id = await created();
    await apply(id, { kind: "claim" }, { kind: "end", epoch: 1, cause: "internal_error", final: true });
    expect(await store.apply(id, { kind: "cancel", graceMs: 1, discard: true }, NOW)).toMatchObject({
      ok: false,
    });
    expect(await discarded(id)).toEqual([{ discard: false }]);
    await store.discardSandbox(id);
    expect(await discarded(id)).toEqual([{ discard: true }]);
  });
});

describe("a sandbox that is to be kept", () => {
  it("is promised to no more tasks than there is room for, however many ask at once", async () => {
    const ids = await Promise.all([1, 2, 3, 4].map(() => created(OTHER)));
    const promised = await Promise.all(ids.map((id) => store.keep(OTHER, id, () => 5_000, NOW, 2)));
    expect(promised.map(({ kind }) => kind).toSorted()).toEqual(["full", "full", "kept", "kept"]);
    const kept = ids.find((_, i) => promised[i]?.kind === "kept");
    expect(await store.keep(OTHER, kept ?? "", () => 9_000, NOW, 2)).toMatchObject({ kind: "kept" });
    for (const id of ids) await apply(id, { kind: "cancel", graceMs: 1 });
  });
});
