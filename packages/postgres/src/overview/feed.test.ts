import type { NewTask, ReadyEvent, TaskCommand, TaskStore } from "@agency/core";
import { createTaskDatabase } from "@agency/testing";
import type { TaskDatabase } from "@agency/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { DEFAULT_ACCOUNT_ID } from "../accounts.ts";
import type { Database } from "../database.ts";
import { appendEvents } from "../events/append.ts";
import { newTask } from "../tasks/testing/new-task.ts";
import { createFeedStore } from "./feed.ts";

const untilAsking: TaskCommand[] = [
  { kind: "claim" },
  { kind: "provisioned", epoch: 1 },
  { kind: "hello", epoch: 1 },
  {
    kind: "ask",
    epoch: 1,
    ask: {
      id: "colour",
      kind: "question",
      questions: [{ text: "Which colour?", choices: [{ label: "red" }], multiple: false }],
    },
  },
];

let ground: TaskDatabase;
let db: Database;
let store: TaskStore;

beforeAll(async () => {
  ground = await createTaskDatabase();
  ({ db, tasks: store } = ground);
});
afterAll(() => ground.close());

async function created(more: Partial<NewTask> = {}): Promise<string> {
  const outcome = await store.create(newTask(more), null);
  if (outcome.kind !== "created") throw new Error(outcome.kind);
  return outcome.task.id;
}

describe("the snapshot of the feed", () => {
  it("has what waits for a person and what failed lately, however many runs are newer", async () => {
    const asking = await created();
    for (const command of untilAsking) await store.apply(asking, command, Date.now());
    const failed = await created();
    const cancelled = await created();
    await db.query(
      "update tasks set state = 'failed', reason = 'engine_error', finished_at = now() - interval '2 hours' where id = $1",
      [failed],
    );
    await db.query(
      "update tasks set state = 'cancelled', reason = 'cancelled_by_user', finished_at = now() where id = $1",
      [cancelled],
    );
    const newest = await created();
    const { tasks, truncated } = await createFeedStore(db).snapshot(DEFAULT_ACCOUNT_ID, {
      live: 1,
      recent: 1,
    });
    expect(tasks.map(({ id }) => id).toSorted()).toEqual([asking, failed, cancelled, newest].toSorted());
    expect(tasks.find(({ id }) => id === asking)?.asks).toHaveLength(1);
    expect(truncated).toBe(true);
  });
});

describe("the progress a list shows", () => {
  it("is the newest list of features, and how each of them ended last", async () => {
    const id = await created();
    const feature = (name: string, status: "pending" | "passed") => ({ id: name, title: name, status });
    const at = new Date().toISOString();
    const events: ReadyEvent[] = [
      { type: "feature_end", data: { id: "a", status: "passed" }, at },
      {
        type: "feature_list",
        data: { features: [feature("a", "pending"), feature("b", "passed"), feature("c", "pending")] },
        at,
      },
      { type: "feature_end", data: { id: "a", status: "failed" }, at },
      { type: "feature_end", data: { id: "a", status: "passed" }, at },
      { type: "feature_end", data: { id: "c", status: "passed" }, at },
      { type: "feature_end", data: { id: "c", status: "failed" }, at },
    ];
    const [appended] = await appendEvents(db, [{ taskId: id, epoch: 0, from: null, events }]);
    expect(appended).toMatchObject({ verdict: "ok" });
    const [summary] = await createFeedStore(db).summaries(DEFAULT_ACCOUNT_ID, [id]);
    expect(summary?.progress).toEqual({ passed: 2, total: 3 });
  });
});
