import { randomUUID } from "node:crypto";
import type { NewTask, PricedCall, TaskStore } from "@agency/core";
import { createTaskDatabase } from "@agency/testing";
import type { TaskDatabase } from "@agency/testing";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { DEFAULT_ACCOUNT_ID } from "../accounts.ts";
import { createAttemptStore } from "../attempts/store.ts";
import { createCostStore } from "../costs/store.ts";
import type { Database } from "../database.ts";
import { appendEvents } from "../events/append.ts";
import { readEvents } from "../events/read.ts";
import { deletedBy, newTask, OUTCOME } from "./testing/new-task.ts";

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

async function created(more: Partial<NewTask> = {}): Promise<string> {
  const task = newTask(more);
  const outcome = await store.create(task, null);
  if (outcome.kind !== "created") throw new Error(outcome.kind);
  return task.id;
}

async function apply(id: string, ...commands: Parameters<TaskStore["apply"]>[1][]) {
  let outcome = await store.apply(id, { kind: "due" }, NOW);
  for (const command of commands) outcome = await store.apply(id, command, NOW);
  return outcome;
}

const finished = (id: string) =>
  apply(
    id,
    { kind: "claim" },
    { kind: "provisioned", epoch: 1 },
    { kind: "hello", epoch: 1 },
    { kind: "finalize", epoch: 1, outcome: OUTCOME },
    { kind: "settle", epoch: 1 },
  );

const statesOf = async (id: string) => {
  const { events } = await readEvents(db, id, 0, 100, ["status"]);
  return events.map((event) => (event.type === "status" ? event.data.state : event.type));
};

const jobsOf = async (id: string) => {
  const { rows } = await db.query<{ n: number }>(
    "select count(*) as n from pgboss.job where singleton_key = $1 and state < 'active'",
    [id],
  );
  return rows[0]?.n;
};

describe("creating a task", () => {
  it("writes the task, its first event and its job together", async () => {
    const id = await created({ labels: { team: "core" } });
    expect(await store.get(DEFAULT_ACCOUNT_ID, id)).toMatchObject({
      state: "queued",
      lastSeq: 1,
      attempt: 0,
      labels: { team: "core" },
    });
    expect(await statesOf(id)).toEqual(["queued"]);
    expect(await jobsOf(id)).toBe(1);
  });

  it("tells what it was asked for, and of its env the names alone", async () => {
    const asked = {
      commandPolicy: { allow: ["npm *"], deny: ["git push *"] },
      questions: false,
      commits: "keep" as const,
      artifacts: ["dist/**"],
    };
    const more = {
      command: "make all",
      pullRequest: 7,
      review: { post: false },
      secretNames: ["GITHUB_TOKEN"],
    };
    const env = { TZ: "UTC", API_TOKEN: "typed-without-care" };
    const spec = { ...newTask().spec, ...asked, ...more, env };
    const task = await store.get(DEFAULT_ACCOUNT_ID, await created({ spec }));
    expect(task).toMatchObject({ ...asked, ...more, envNames: ["API_TOKEN", "TZ"] });
    expect(JSON.stringify(task)).not.toContain("typed-without-care");
  });

  it("is in the audit log once, however often the request is repeated", async () => {
    const key = { route: "POST /v1/tasks", key: "audited", fingerprint: Buffer.from("same") };
    const attempt = () => {
      const task = newTask();
      const row = { accountId: task.accountId, actor: "key 7", action: "task.internal_network", detail: {} };
      return store.create({ ...task, audit: { ...row, id: randomUUID(), target: task.id, at: 1 } }, key);
    };
    const [first] = [await attempt(), await attempt()];
    const { rows } = await db.query("select target from audit_log where actor = 'key 7'");
    expect(rows).toEqual([{ target: first.kind === "created" ? first.task.id : "" }]);
  });

  it("makes one task of fifty requests with the same key at once", async () => {
    const key = { route: "POST /v1/tasks", key: "k1", fingerprint: Buffer.from("same") };
    const outcomes = await Promise.all(Array.from({ length: 50 }, () => store.create(newTask(), key)));
    const ids = new Set(outcomes.map((outcome) => ("task" in outcome ? outcome.task.id : outcome.kind)));
    expect(ids.size).toBe(1);
    expect(outcomes.filter((outcome) => outcome.kind === "created")).toHaveLength(1);
    const other = { ...key, fingerprint: Buffer.from("different") };
    expect(await store.create(newTask(), other)).toEqual({ kind: "mismatch" });
    expect(await store.replay(DEFAULT_ACCOUNT_ID, key)).toMatchObject({
      kind: "replayed",
      task: { id: [...ids][0] },
    });
    expect(await store.replay(DEFAULT_ACCOUNT_ID, other)).toEqual({ kind: "mismatch" });
    expect(await store.replay(OTHER, key)).toBeNull();
    expect(await store.create(newTask({ accountId: OTHER }), key)).toMatchObject({ kind: "created" });
  });

  it("leaves the key free when there is no such parent", async () => {
    const key = { route: "POST /v1/tasks", key: "k2", fingerprint: Buffer.from("x") };
    const foreign = await created({ accountId: OTHER });
    expect(await store.create(newTask({ parentId: foreign }), key)).toEqual({ kind: "no_parent" });
    expect(await store.create(newTask(), key)).toMatchObject({ kind: "created" });
  });

  it("keeps a scheduled task out of the queue until it is due", async () => {
    const id = await created({ notBefore: NOW + 1 });
    expect(await jobsOf(id)).toBe(0);
    expect(await store.dueIds(NOW, 10)).toEqual([]);
    expect(await store.dueIds(NOW + 1, 10)).toEqual([id]);
    await apply(id);
    expect(await jobsOf(id)).toBe(1);
    expect(await statesOf(id)).toEqual(["scheduled", "queued"]);
  });
});

describe("a task's life", () => {
  it("is written step by step, and ends with one last event", async () => {
    const id = await created();
    expect(await finished(id)).toMatchObject({ ok: true, task: { snapshot: { state: "completed" } } });
    expect(await statesOf(id)).toEqual(["queued", "starting", "running", "finishing", "completed"]);
    const { rows } = await db.query("select closed, epoch from task_heads where task_id = $1", [id]);
    expect(rows).toEqual([{ closed: true, epoch: 1 }]);
    expect(await store.apply(id, { kind: "claim" }, NOW)).toMatchObject({
      ok: false,
      error: { code: "finished" },
    });
  });

  it("goes to one of two workers that claim it at once", async () => {
    const id = await created();
    const claims = await Promise.all([1, 2, 3, 4].map(() => store.apply(id, { kind: "claim" }, NOW)));
    expect(claims.filter((claim) => claim.ok)).toHaveLength(1);
  });

  it("is decided on what is true after the wait for its lock, not before", async () => {
    const id = await created();
    await apply(id, { kind: "claim" }, { kind: "provisioned", epoch: 1 });
    const { cancel } = await db.tx(async (tx) => {
      await tx.query("select from tasks where id = $1 for update", [id]);
      const cancel = store.apply(id, { kind: "cancel", graceMs: 1_000 }, NOW);
      await vi.waitUntil(async () => {
        const { rows } = await db.query(
          "select 1 from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()",
        );
        return rows.length > 0;
      });
      await tx.query("update attempts set state = 'running', started_at = now() where task_id = $1", [id]);
      await tx.query("update tasks set state = 'running' where id = $1", [id]);
      return { cancel };
    });
    expect(await cancel).toMatchObject({
      ok: true,
      task: { snapshot: { attempt: { state: "running" } } },
    });
    const { rows } = await db.query(
      "select state, started_at is not null as started from attempts where task_id = $1",
      [id],
    );
    expect(rows).toEqual([{ state: "running", started: true }]);
  });

  it("goes back to the queue, fenced, when its sandbox could not be made", async () => {
    const id = await created();
    await apply(id, { kind: "claim" });
    await appendEvents(db, [
      { taskId: id, epoch: 1, from: 1, events: [{ type: "log", data: {}, at: new Date(NOW).toISOString() }] },
    ]);
    await ground.queue.fetch(1_000);
    await apply(id, { kind: "end", epoch: 1, cause: "sandbox_unavailable" });
    expect(await store.load(id)).toMatchObject({ snapshot: { state: "queued", epoch: 2, startsLeft: 2 } });
    expect(await jobsOf(id)).toBe(1);
    const late = await appendEvents(db, [{ taskId: id, epoch: 1, from: 2, events: [] }]);
    expect(late).toMatchObject([{ verdict: "fenced", runnerSeq: 0 }]);
    // People are told how often it was begun, and the epoch has moved on by two.
    await apply(id, { kind: "claim" });
    expect(await store.load(id)).toMatchObject({ snapshot: { epoch: 3 } });
    expect(await store.get(DEFAULT_ACCOUNT_ID, id)).toMatchObject({ attempt: 2 });
  });

  it("ends at once when it is cancelled before a worker took it", async () => {
    const id = await created();
    await apply(id, { kind: "cancel", graceMs: 1 });
    expect(await store.get(DEFAULT_ACCOUNT_ID, id)).toMatchObject({
      state: "cancelled",
      cancelRequested: true,
    });
    expect(await jobsOf(id)).toBe(0);
  });

  it("is not changed at all when its own event could not be written", async () => {
    const id = await created();
    await db.query("update task_heads set epoch = 7 where task_id = $1", [id]);
    await expect(apply(id, { kind: "cancel", graceMs: 1 })).rejects.toThrow("refused an event of its own");
    expect(await store.load(id)).toMatchObject({ snapshot: { state: "queued" } });
  });
});

describe("the list", () => {
  it("comes in pages, newest first, each task once, and only one's own and shown ones", async () => {
    const account = randomUUID();
    await db.query("insert into accounts (id, name) values ($1, 'lister')", [account]);
    const mine: string[] = [];
    for (let i = 0; i < 5; i += 1) mine.unshift(await created({ accountId: account, name: `task ${i}` }));
    await created({ accountId: account, hidden: true });
    const seen: string[] = [];
    let cursor: string | null = null;
    do {
      const page = await store.list(account, { limit: 2, ...(cursor === null ? {} : { cursor }) });
      seen.push(...page.tasks.map((task) => task.id));
      cursor = page.nextCursor;
    } while (cursor !== null);
    expect(seen).toEqual(mine);
  });

  it("is narrowed by state, label, parent and words, which are words and not patterns", async () => {
    const account = randomUUID();
    await db.query("insert into accounts (id, name) values ($1, 'searcher')", [account]);
    const parent = await created({ accountId: account, name: "100% sure", labels: { team: "a" } });
    const child = await created({
      accountId: account,
      name: "100 percent",
      parentId: parent,
      prompt: "GROSSE Übung",
    });
    const ids = async (query: object) =>
      (await store.list(account, { limit: 50, ...query })).tasks.map((task) => task.id);
    expect(await ids({ search: "100%" })).toEqual([parent]);
    expect(await ids({ search: "große übung" })).toEqual([]);
    expect(await ids({ search: "grosse übung" })).toEqual([child]);
    expect(await ids({ label: "team=a" })).toEqual([parent]);
    expect(await ids({ parentId: parent })).toEqual([child]);
    expect(await ids({ state: ["running"] })).toEqual([]);
    const nearly = Buffer.from(`1 ${randomUUID().replaceAll("-", "0")}`).toString("base64url");
    for (const cursor of ["nonsense", nearly]) {
      await expect(store.list(account, { limit: 1, cursor })).rejects.toMatchObject({
        code: "invalid_request",
      });
    }
  });
});

describe("messages", () => {
  it("reach the runner in order, once, and are part of the log", async () => {
    const attempts = createAttemptStore(db);
    const id = await created();
    const say = (text: string) => ({ id: randomUUID(), text, mode: "steer" as const });
    const [a, b] = [say("a"), say("b")];
    expect(await store.addMessage(DEFAULT_ACCOUNT_ID, id, a)).toBe("sent");
    expect(await store.addMessage(DEFAULT_ACCOUNT_ID, id, b)).toBe("sent");
    expect((await attempts.commandsAfter(id, null)).map((command) => command.id)).toEqual([a.id, b.id]);
    expect((await attempts.commandsAfter(id, a.id)).map((command) => command.id)).toEqual([b.id]);
    expect((await readEvents(db, id, 0, 10, ["message"])).events).toHaveLength(2);
    expect(await store.addMessage(OTHER, id, say("c"))).toBe("not_found");
    await finished(id);
    expect(await store.addMessage(DEFAULT_ACCOUNT_ID, id, say("d"))).toBe("finished");
  });
});

describe("an attempt", () => {
  it("opens nothing to a runner that only stores, and tells how much it wrote", async () => {
    const attempts = createAttemptStore(db);
    const id = await created();
    await apply(id, { kind: "claim" }, { kind: "provisioned", epoch: 1 }, { kind: "hello", epoch: 1 });
    const attemptId = (await store.load(id))?.attempt?.id ?? "";
    expect(await attempts.find(attemptId)).toMatchObject({ finalizing: false, outputBytes: 0 });
    await apply(id, { kind: "storing", epoch: 1, forMs: 1_000, message: "m" });
    expect(await attempts.find(attemptId)).toMatchObject({
      live: true,
      working: false,
      finalizing: true,
      outputLimit: 1024 ** 3,
    });
  });

  it("lets the runner in that first used its boot token, and that one again, until it is fenced", async () => {
    const attempts = createAttemptStore(db);
    const id = await created();
    await apply(id, { kind: "claim" });
    const attemptId = (await store.load(id))?.attempt?.id ?? "";
    const burnt = await Promise.all(
      ["r1", "r2", "r3"].map((nonce) => attempts.burnBootToken(attemptId, nonce, NOW)),
    );
    expect(burnt.filter(Boolean)).toHaveLength(1);
    const winner = ["r1", "r2", "r3"][burnt.indexOf(true)] ?? "";
    expect(await attempts.burnBootToken(attemptId, winner, NOW)).toBe(true);
    expect(await attempts.find(attemptId)).toMatchObject({
      live: true,
      epoch: 1,
      taskEpoch: 1,
      budgetUsd: 5,
    });
    await apply(id, { kind: "end", epoch: 1, cause: "sandbox_unavailable", final: true });
    expect(await attempts.find(attemptId)).toMatchObject({ live: false, epoch: 1, taskEpoch: 2 });
    expect((await attempts.strays("local")).map((stray) => stray.taskId)).toContain(id);
  });
});

describe("a model call", () => {
  const call = (taskId: string, key: string): PricedCall => ({
    id: randomUUID(),
    accountId: DEFAULT_ACCOUNT_ID,
    taskId,
    epoch: 1,
    vendor: "anthropic",
    model: "m",
    key,
    usage: { input: 10, output: 20, cacheRead: 30, cacheWrite: 40 },
    costUsd: 0.000_123,
    status: 200,
    durationMs: 12.6,
    estimated: false,
    partial: false,
    at: NOW,
  });

  it("is paid once for a key, exactly, and told as an event", async () => {
    const costs = createCostStore(db);
    const id = await created();
    await apply(id, { kind: "claim" });
    await Promise.all(["a", "b", "a", "b", "a"].map((key) => costs.record(call(id, key))));
    const task = await store.get(DEFAULT_ACCOUNT_ID, id);
    expect(task).toMatchObject({
      costUsd: 0.000_246,
      usage: { input: 20, output: 40, cacheRead: 60, cacheWrite: 80, calls: 2 },
    });
    const { events } = await readEvents(db, id, 0, 10, ["usage"]);
    expect(events.map((event) => event.type === "usage" && event.data.totalCostUsd)).toEqual([
      0.000_123, 0.000_246,
    ]);
  });

  it("outlives its task, and is paid even by an attempt that was fenced meanwhile", async () => {
    const costs = createCostStore(db);
    const id = await created();
    await finished(id);
    await costs.record(call(id, "late"));
    expect(await store.get(DEFAULT_ACCOUNT_ID, id)).toMatchObject({ costUsd: 0.000_123, state: "completed" });
    expect(await store.delete(OTHER, id, deletedBy())).toEqual({ kind: "not_found" });
    expect(await store.delete(DEFAULT_ACCOUNT_ID, id, deletedBy())).toMatchObject({
      kind: "deleted",
      removal: { taskId: id, part: "task", sandboxes: [{ taskId: id }] },
    });
    expect(await store.get(DEFAULT_ACCOUNT_ID, id)).toBeNull();
    const left = await db.query(
      `select (select count(*) from task_heads where task_id = $1) as logs, (select count(*) from attempts where task_id = $1) as attempts,
         (select count(*) from model_calls where task_id = $1) as calls`,
      [id],
    );
    expect(left.rows).toEqual([{ logs: 0, attempts: 0, calls: 1 }]);
  });

  it("does not stand in the way of a task that runs: only a finished one can be deleted", async () => {
    const id = await created();
    expect(await store.delete(DEFAULT_ACCOUNT_ID, id, deletedBy())).toEqual({ kind: "live" });
  });
});
