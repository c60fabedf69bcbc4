import { randomUUID } from "node:crypto";
import { DEFAULT_LIMITS } from "@agency/contract";
import type { AskBody, Limits } from "@agency/contract";
import type { AttemptStore, NewTask, TaskCommand, TaskStore } from "@agency/core";
import { createTaskDatabase } from "@agency/testing";
import type { TaskDatabase } from "@agency/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { DEFAULT_ACCOUNT_ID } from "../accounts.ts";
import { createAttemptStore } from "../attempts/store.ts";
import type { Database } from "../database.ts";
import { appendEvents } from "../events/append.ts";
import { readEvents } from "../events/read.ts";
import { deletedBy, newTask } from "./testing/new-task.ts";

const NOW = Date.parse("2026-11-21T10:00:00Z");
const LATER = NOW + 3_600_000;
const ME = DEFAULT_ACCOUNT_ID;

let ground: TaskDatabase;
let db: Database;
let store: TaskStore;
let attempts: AttemptStore;

beforeAll(async () => {
  ground = await createTaskDatabase();
  ({ db, tasks: store } = ground);
  attempts = createAttemptStore(db);
});
afterAll(() => ground.close());

const started: TaskCommand[] = [
  { kind: "claim" },
  { kind: "provisioned", epoch: 1 },
  { kind: "hello", epoch: 1 },
];
const pause: TaskCommand = { kind: "pause" };
const question = (id: string): AskBody => ({
  id,
  kind: "question",
  questions: [{ text: "Which colour?", choices: [{ label: "red" }], multiple: false }],
});
const ask = (id: string): TaskCommand => ({ kind: "ask", epoch: 1, ask: question(id) });
const answer = (askId: string): TaskCommand => ({
  kind: "answer",
  askId,
  answer: { kind: "question", answers: [["red"]] },
  by: "key 7",
});
const broke: TaskCommand = { kind: "wait", epoch: 1, reason: "budget", until: null, message: "Spent $5." };
const limited: TaskCommand = {
  kind: "wait",
  epoch: 1,
  reason: "usage_limit",
  until: LATER,
  message: "Two credentials are used up.",
};

async function created(more: Partial<NewTask> = {}): Promise<string> {
  const outcome = await store.create(newTask(more), null);
  if (outcome.kind !== "created") throw new Error(outcome.kind);
  return outcome.task.id;
}

async function apply(id: string, ...commands: TaskCommand[]): Promise<void> {
  for (const command of commands) {
    const outcome = await store.apply(id, command, NOW);
    if (!outcome.ok) throw new Error(`${command.kind} was refused: ${outcome.error.code}`);
  }
}

async function running(...commands: TaskCommand[]): Promise<string> {
  const id = await created();
  await apply(id, ...started, ...commands);
  return id;
}

async function seen(id: string) {
  const task = await store.get(ME, id);
  if (task === null) throw new Error(`task ${id} is gone`);
  return task;
}

const told = async (id: string) =>
  (await attempts.commandsAfter(id, null)).map((command) => ({ ...command, id: "" }));

const accessOf = async (id: string) => attempts.find((await store.load(id))?.attempt?.id ?? "");

describe("a task that waits", () => {
  it("says for what, since when and until when, in words and in parts", async () => {
    const id = await running(limited);
    expect(await seen(id)).toMatchObject({
      state: "waiting",
      reason: "usage_limit",
      message:
        "The model account reached its usage limit. Two credentials are used up. It goes on by itself at 2026-11-21T11:00:00.000Z. A run that waits goes on by itself at the reset; one that failed can be started again then.",
      waits: [
        {
          id: "usage_limit",
          reason: "usage_limit",
          since: "2026-11-21T10:00:00.000Z",
          until: "2026-11-21T11:00:00.000Z",
          message: "Two credentials are used up.",
        },
      ],
      asks: [],
    });
  });

  it("says what it waits for first when that wait is the only one left", async () => {
    const id = await running(limited, pause);
    expect((await seen(id)).message).toBe("You paused the run. Let it go on with `agency resume`.");
    await apply(id, { kind: "proceed", id: "paused_by_user" });
    expect((await seen(id)).message).toContain("Two credentials are used up.");
    await apply(id, { kind: "proceed", id: "usage_limit" });
    expect(await seen(id)).toMatchObject({ state: "running", reason: null, message: null, waits: [] });
  });

  it("is the same to the decisions as it was before it was written", async () => {
    const id = await running(limited, pause);
    const outcome = await store.apply(id, limited, NOW + 5);
    expect(outcome).toMatchObject({ ok: true, step: { events: [], effects: [] } });
    expect((await store.load(id))?.snapshot).toMatchObject({
      waits: [
        { id: "usage_limit", since: NOW, until: LATER },
        { id: "paused_by_user", until: null },
      ],
      waitingSince: NOW,
      waitedMs: 0,
    });
  });

  it("counts the time, that of a wait under way included", async () => {
    const id = await created();
    await apply(id, ...started);
    await store.apply(id, pause, Date.now() - 60_000);
    expect((await seen(id)).waitedMs).toBeGreaterThanOrEqual(60_000);
    await store.apply(id, { kind: "proceed", id: "paused_by_user" }, Date.now() + 60_000);
    const { waitedMs } = await seen(id);
    expect(waitedMs).toBeGreaterThanOrEqual(120_000);
    expect((await store.load(id))?.snapshot).toMatchObject({ waitedMs, waitingSince: null });
  });

  it("tells the runner each change, with all it must know", async () => {
    const id = await running(broke, ask("q"), answer("q"), { kind: "proceed", id: "budget" });
    expect(await told(id)).toEqual([
      { id: "", kind: "wait", reason: "budget", pause: true },
      { id: "", kind: "wait", reason: "needs_input", pause: true },
      { id: "", kind: "answer", askId: "q", answer: { kind: "question", answers: [["red"]] } },
      { id: "", kind: "wait", reason: "budget", pause: true },
      { id: "", kind: "proceed" },
    ]);
  });

  it("holds its model calls whatever it waits for, and says the weightiest reason", async () => {
    const id = await running(ask("q"));
    expect(await accessOf(id)).toMatchObject({ hold: "needs_input", holdUntil: null, working: true });
    await apply(id, answer("q"));
    expect(await accessOf(id)).toMatchObject({ hold: null });
    await apply(id, limited);
    expect(await accessOf(id)).toMatchObject({ hold: "usage_limit", holdUntil: LATER });
    await apply(id, broke);
    expect(await accessOf(id)).toMatchObject({ hold: "budget", holdUntil: null });
    await apply(id, pause);
    expect(await accessOf(id)).toMatchObject({
      hold: "paused_by_user",
      holdUntil: null,
      eventsPerSecond: DEFAULT_LIMITS.eventsPerSecond,
      onUsageLimit: "next",
      strictEgress: true,
    });
  });

  it("cannot be written without its waits, whatever the code does", async () => {
    const id = await running();
    await expect(db.query("update tasks set state = 'waiting' where id = $1", [id])).rejects.toThrow(
      "check constraint",
    );
    await apply(id, pause);
    await expect(db.query("update tasks set waits = '[]' where id = $1", [id])).rejects.toThrow(
      "check constraint",
    );
  });
});

describe("an ask", () => {
  it("is shown whole while it is open, oldest first, in the task and in the list", async () => {
    const id = await running();
    await store.apply(id, ask("second"), NOW + 2);
    await store.apply(id, ask("third"), NOW + 3);
    await store.apply(id, { kind: "ask", epoch: 1, ask: question("first") }, NOW + 1);
    const asks = [
      { askedAt: "2026-11-21T10:00:00.001Z", ...question("first") },
      { askedAt: "2026-11-21T10:00:00.002Z", ...question("second") },
      { askedAt: "2026-11-21T10:00:00.003Z", ...question("third") },
    ];
    expect((await seen(id)).asks).toEqual(asks);
    const { tasks } = await store.list(ME, { limit: 10, state: ["waiting"] });
    expect(tasks.find((task) => task.id === id)?.asks).toEqual(asks);
    await apply(id, answer("second"));
    expect((await seen(id)).asks.map((one) => one.id)).toEqual(["first", "third"]);
  });

  it("that is asked again is asked once, and after its answer not at all", async () => {
    const id = await running(ask("q"));
    await apply(id, ask("q"));
    expect((await readEvents(db, id, 0, 50, ["ask"])).events).toHaveLength(1);
    await apply(id, answer("q"));
    await apply(id, ask("q"));
    expect(await seen(id)).toMatchObject({ state: "running", asks: [] });
    const { rows } = await db.query("select answered_at, answered_by from asks where task_id = $1", [id]);
    expect(rows).toEqual([{ answered_at: new Date(NOW), answered_by: "key 7" }]);
    expect(await store.apply(id, answer("q"), NOW)).toMatchObject({ ok: false, error: { code: "not_now" } });
  });

  it("of ten at once, asked by a runner that sees no answer, is one", async () => {
    const id = await running();
    const asked = await Promise.all(Array.from({ length: 10 }, () => store.apply(id, ask("q"), NOW)));
    expect(asked.every((outcome) => outcome.ok)).toBe(true);
    expect((await readEvents(db, id, 0, 50, ["ask"])).events).toHaveLength(1);
  });

  it("of an attempt that is over changes nothing", async () => {
    const id = await running();
    const stale: TaskCommand = { kind: "ask", epoch: 0, ask: question("q") };
    expect(await store.apply(id, stale, NOW)).toMatchObject({ ok: false, error: { code: "fenced" } });
    const { rowCount } = await db.query("select from asks where task_id = $1", [id]);
    expect(rowCount).toBe(0);
  });

  it("that was withdrawn is not open any more, and one that comes after its withdrawal is never asked", async () => {
    const withdraw = (askId: string): TaskCommand => ({ kind: "withdraw", epoch: 1, askId });
    const id = await running(ask("q"), pause, withdraw("q"), withdraw("late"), ask("late"));
    expect(await seen(id)).toMatchObject({ asks: [], waits: [{ id: "paused_by_user" }] });
    expect(await store.apply(id, answer("q"), NOW)).toMatchObject({ ok: false, error: { code: "not_now" } });
    expect((await readEvents(db, id, 0, 50, ["ask"])).events).toHaveLength(1);
    // One ask and two withdrawals: output of the runner, like its events.
    expect((await store.load(id))?.outputBytes).toBeGreaterThan(3_000);
  });

  it("goes unanswered when the task is stopped, and nobody is asked any more", async () => {
    const id = await running(ask("q"), { kind: "cancel", graceMs: 5_000 });
    expect(await seen(id)).toMatchObject({ state: "running", asks: [], waits: [], cancelRequested: true });
    await apply(id, { kind: "end", epoch: 1, cause: "sandbox_lost" });
    expect(await seen(id)).toMatchObject({ state: "cancelled", asks: [], waits: [] });
    expect(await store.delete(ME, id, deletedBy())).toMatchObject({ kind: "deleted" });
  });
});

describe("changing limits", () => {
  const set = (more: Partial<Limits>) => (limits: Limits) => ({
    ok: true as const,
    limits: { ...limits, ...more },
  });
  const spend = (id: string, usd: number) =>
    db.query("update tasks set cost_usd = $2 where id = $1", [id, usd]);

  it("is written, told to the log and to the runner", async () => {
    const id = await running();
    const changed = await store.changeLimits(ME, id, set({ turns: 7 }), "key 7", NOW);
    expect(changed).toMatchObject({ kind: "changed", task: { limits: { turns: 7, costUsd: 5 } } });
    const limits = { ...DEFAULT_LIMITS, costUsd: 5, turns: 7 };
    expect((await readEvents(db, id, 0, 50, ["limits"])).events).toMatchObject([
      { data: { limits, by: "key 7" } },
    ]);
    expect(await told(id)).toEqual([{ id: "", kind: "limits", limits }]);
  });

  it("decides on the limits it has by now: ten times one more is ten more", async () => {
    const id = await running();
    const more = (limits: Limits) => ({ ok: true as const, limits: { ...limits, turns: limits.turns + 1 } });
    await Promise.all(Array.from({ length: 10 }, () => store.changeLimits(ME, id, more, "me", NOW)));
    expect((await seen(id)).limits.turns).toBe(DEFAULT_LIMITS.turns + 10);
  });

  it("works before there is a runner, who then gets them with its work", async () => {
    const [queued, scheduled] = [await created(), await created({ notBefore: LATER })];
    for (const id of [queued, scheduled]) {
      expect(await store.changeLimits(ME, id, set({ turns: 7 }), "me", NOW)).toMatchObject({
        kind: "changed",
      });
      expect(await told(id)).toEqual([]);
    }
  });

  it("lets a task go on that waited for money, once there is some", async () => {
    const id = await running(broke);
    await spend(id, 5);
    await store.changeLimits(ME, id, set({ turns: 7 }), "me", NOW);
    expect(await seen(id)).toMatchObject({ state: "waiting", reason: "budget" });
    expect(await store.changeLimits(ME, id, set({ costUsd: 10 }), "me", NOW)).toMatchObject({
      task: { state: "running", reason: null },
    });
    expect((await told(id)).map((command) => command.kind)).toEqual(["wait", "limits", "limits", "proceed"]);
  });

  it("leaves a pause alone", async () => {
    const id = await running(broke, pause);
    await spend(id, 5);
    await store.changeLimits(ME, id, set({ costUsd: 10 }), "me", NOW);
    const task = await seen(id);
    expect(task.waits.map((wait) => wait.id)).toEqual(["paused_by_user"]);
  });

  it("of a whole tree lets everything below it try again", async () => {
    const top = await running();
    await store.changeLimits(ME, top, set({ treeCostUsd: 20 }), "me", NOW);
    const middle = await created({ parentId: top });
    const below = await created({ parentId: middle });
    await apply(below, ...started, broke);
    await store.changeLimits(ME, top, set({ treeCostUsd: 10 }), "me", NOW);
    expect((await seen(below)).state).toBe("waiting");
    await store.changeLimits(ME, top, set({ treeCostUsd: 30 }), "me", NOW);
    expect((await seen(below)).state).toBe("running");
  });

  it("of a tree is possible when its uppermost task has ended, and nothing else of it is", async () => {
    const top = await running();
    await store.changeLimits(ME, top, set({ treeCostUsd: 10 }), "me", NOW);
    const below = await created({ parentId: top });
    await apply(below, ...started, broke);
    await apply(top, { kind: "end", epoch: 1, cause: "timeout" });
    const both = set({ treeCostUsd: 30, costUsd: 30 });
    expect(await store.changeLimits(ME, top, both, "me", NOW)).toEqual({ kind: "finished" });
    await store.changeLimits(ME, top, set({ treeCostUsd: 30 }), "me", NOW);
    expect(await seen(top)).toMatchObject({ state: "failed", limits: { treeCostUsd: 30 } });
    expect((await db.query("select actor from audit_log where target = $1", [top])).rowCount).toBe(1);
    expect((await seen(below)).state).toBe("running");
  });

  it("is refused with its reason, or because the task is somebody else's or over", async () => {
    const id = await running();
    const no = () => ({ ok: false as const, problem: "too much" });
    expect(await store.changeLimits(ME, id, no, "me", NOW)).toEqual({ kind: "invalid", problem: "too much" });
    expect(await store.changeLimits(randomUUID(), id, set({}), "me", NOW)).toEqual({ kind: "not_found" });
    expect(await store.changeLimits(ME, randomUUID(), set({}), "me", NOW)).toEqual({ kind: "not_found" });
    await apply(id, { kind: "end", epoch: 1, cause: "timeout" });
    expect(await store.changeLimits(ME, id, set({}), "me", NOW)).toEqual({ kind: "finished" });
    expect((await readEvents(db, id, 0, 50, ["limits"])).events).toEqual([]);
  });
});

describe("what a runner writes", () => {
  const at = new Date(NOW).toISOString();
  const bytesOf = async (id: string) => (await store.load(id))?.outputBytes ?? -1;
  const say = (text: string) => ({ type: "log" as const, data: { stream: "stdout", text }, at });
  const send = (id: string, from: number | null, ...events: ReturnType<typeof say>[]) =>
    appendEvents(db, [{ taskId: id, epoch: 1, from, events }]);

  it("is counted in bytes: once however often it is sent, and only the runner's", async () => {
    const id = await running();
    expect(await bytesOf(id)).toBe(0);
    await send(id, 1, say("é".repeat(1_000)), say("x"));
    const first = await bytesOf(id);
    expect(first).toBeGreaterThan(2_000);
    expect(first).toBeLessThan(2_300);
    await send(id, 1, say("é".repeat(1_000)), say("x"));
    await send(id, null, say("from outside"));
    expect(await bytesOf(id)).toBe(first);
    await send(id, 2, say("x"), say("x"), say("x"), say("x"));
    expect(await bytesOf(id)).toBeLessThan(first + 4 * 100);
    expect(await bytesOf(id)).toBeGreaterThan(first);
  });

  it("is counted with what was stored beside the log", async () => {
    const id = await running();
    const blob = { key: "tasks/x/events/1-1.json", bytes: 5_000_000 };
    await appendEvents(db, [{ taskId: id, epoch: 1, from: 1, events: [{ ...say("preview"), blob }] }]);
    expect(await bytesOf(id)).toBeGreaterThan(5_000_000);
  });
});

describe("a task's own secrets", () => {
  it("are kept as they were sealed, and go with it", async () => {
    const secret = { keyId: "k1", wrappedKey: new Uint8Array([1, 2]), sealed: new Uint8Array([3]) };
    const id = await created({ secrets: [{ name: "ANTHROPIC_API_KEY", secret }] });
    const { rows } = await db.query("select * from task_secrets where task_id = $1", [id]);
    expect(rows).toEqual([
      {
        task_id: id,
        account_id: ME,
        name: "ANTHROPIC_API_KEY",
        key_id: "k1",
        wrapped_key: Buffer.from([1, 2]),
        sealed: Buffer.from([3]),
      },
    ]);
  });
});
