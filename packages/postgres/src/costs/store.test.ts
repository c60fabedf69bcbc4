import { randomUUID } from "node:crypto";
import type { ComputeCharge, CostStore, PricedCall, Reservation } from "@agency/core";
import { createTestDatabase } from "@agency/testing";
import type { TestDatabase } from "@agency/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openDatabase } from "../database.ts";
import type { Database } from "../database.ts";
import { readEvents } from "../events/read.ts";
import { forgetTaskScopes } from "./scopes.ts";
import { createCostStore } from "./store.ts";

const NOW = Date.parse("2026-11-21T10:00:00Z");

let home: TestDatabase;
let db: Database;
let other: Database;
let costs: CostStore;
/** The same database as another process sees it. */
let elsewhere: CostStore;

beforeAll(async () => {
  home = await createTestDatabase();
  db = openDatabase({ connectionString: home.connectionString, max: 8 });
  other = openDatabase({ connectionString: home.connectionString, max: 8 });
  costs = createCostStore(db);
  elsewhere = createCostStore(other);
});
afterAll(async () => {
  await db.close();
  await other.close();
  await home.drop();
});

interface Family {
  accountId: string;
  taskId: string;
}

async function newAccount(): Promise<string> {
  const id = randomUUID();
  await db.query("insert into accounts (id, name) values ($1, $2)", [id, id]);
  return id;
}

interface Kin {
  accountId?: string;
  parentId?: string;
  demo?: boolean;
}

async function newTask(limits: object, of: Kin = {}): Promise<Family> {
  const accountId = of.accountId ?? (await newAccount());
  const taskId = randomUUID();
  await db.query(
    `with task as (
       insert into tasks (id, account_id, state, attempts_left, epoch, name, prompt, engine, provider, spec, parent_id, created_at)
       values ($1, $2, 'running', 3, 1, 'n', 'p', 'claude', 'local', $3, $4, now()) returning id)
     insert into task_heads (task_id, epoch) select id, 1 from task`,
    [taskId, accountId, JSON.stringify({ limits, demo: of.demo ?? false }), of.parentId ?? null],
  );
  return { accountId, taskId };
}

function reservation(taskId: string, usd: number, more: Partial<Reservation> = {}): Reservation {
  const model = { vendor: "anthropic", model: "m" };
  return { id: randomUUID(), taskId, epoch: 1, usd, inputUsd: usd / 10, at: NOW, ...model, ...more };
}

function call({ accountId, taskId }: Family, costUsd: number, more: Partial<PricedCall> = {}): PricedCall {
  return {
    id: randomUUID(),
    accountId,
    taskId,
    epoch: 1,
    vendor: "anthropic",
    model: "m",
    key: randomUUID(),
    usage: { input: 10, output: 20, cacheRead: 30, cacheWrite: 40 },
    costUsd,
    estimated: false,
    partial: false,
    status: 200,
    durationMs: 12.6,
    at: NOW,
    ...more,
  };
}

async function scope(name: string) {
  const { rows } = await db.query<{ spent: number; reserved: number }>(
    "select spent_usd::float8 as spent, reserved_usd::float8 as reserved from budget_scopes where name = $1",
    [name],
  );
  return rows[0] ?? null;
}

const usages = async (taskId: string, type: "usage" | "compute") =>
  (await readEvents(db, taskId, 0, 100, [type])).events.map(({ data }) => data);

describe("setting money aside", () => {
  it("lets parallel calls of two processes pass the cap by at most one of them", async () => {
    const { taskId } = await newTask({ costUsd: 1 });
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, i) => (i % 2 ? costs : elsewhere).reserve(reservation(taskId, 0.3))),
    );
    expect(answers.filter((answer) => answer.ok)).toHaveLength(4);
    expect(answers.find((answer) => !answer.ok)).toEqual({
      ok: false,
      scope: "task",
      owner: taskId,
      capUsd: 1,
      spentUsd: 0,
      onlyReserved: true,
      resetsAt: null,
    });
    expect(await scope(`task/${taskId}`)).toEqual({ spent: 0, reserved: 1.2 });
  });

  it("holds the cap of a tree for children at once, however deep, and a grandchild's is a tree of its own", async () => {
    const root = await newTask({ costUsd: 100, treeCostUsd: 1 });
    const below = { accountId: root.accountId, parentId: root.taskId };
    const children = await Promise.all(Array.from({ length: 4 }, () => newTask({ costUsd: 100 }, below)));
    const deep = await newTask(
      { costUsd: 100, treeCostUsd: 50 },
      { ...below, parentId: children[0]?.taskId ?? "" },
    );
    const all = [...children, deep];
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, i) =>
        (i % 2 ? costs : elsewhere).reserve(reservation(all[i % all.length]?.taskId ?? "", 0.3)),
      ),
    );
    expect(answers.filter((answer) => answer.ok)).toHaveLength(4);
    await costs.record(call(deep, 1));
    expect(await costs.reserve(reservation(root.taskId, 0.1))).toMatchObject({
      scope: "tree",
      owner: root.taskId,
      spentUsd: 1,
      onlyReserved: false,
    });
    expect(await scope(`tree/${deep.taskId}`)).toMatchObject({ spent: 1 });
  });

  it("gives back what was set aside, once", async () => {
    const { taskId } = await newTask({ costUsd: 1 });
    const first = reservation(taskId, 5);
    expect(await costs.reserve(first)).toEqual({ ok: true });
    expect(await costs.reserve(reservation(taskId, 5))).toMatchObject({ onlyReserved: true });
    await Promise.all([costs.release(first.id), elsewhere.release(first.id), costs.release(first.id)]);
    expect(await scope(`task/${taskId}`)).toEqual({ spent: 0, reserved: 0 });
    expect(await costs.reserve(reservation(taskId, 5))).toEqual({ ok: true });
  });

  it("refuses an attempt that was fenced and a task that is gone", async () => {
    const { taskId } = await newTask({ costUsd: 1 });
    expect(await costs.reserve(reservation(taskId, 1, { epoch: 2 }))).toEqual({ ok: false, scope: "fenced" });
    expect(await costs.reserve(reservation(randomUUID(), 1))).toEqual({ ok: false, scope: "fenced" });
    expect(await scope(`task/${taskId}`)).toBeNull();
  });

  it("reads the cap when it is asked: more of it lets the next call in", async () => {
    const task = await newTask({ costUsd: 1 });
    await costs.record(call(task, 1));
    expect((await costs.reserve(reservation(task.taskId, 1))).ok).toBe(false);
    await db.query(`update tasks set spec = '{"limits": {"costUsd": 2}}' where id = $1`, [task.taskId]);
    expect((await costs.reserve(reservation(task.taskId, 1))).ok).toBe(true);
  });

  it("lists what processes that died have left, oldest first", async () => {
    const { taskId, accountId } = await newTask({ costUsd: 100 });
    const [old, older] = [reservation(taskId, 1, { at: 2_000 }), reservation(taskId, 2, { at: 1_000 })];
    await costs.reserve(old);
    await costs.reserve(older);
    await costs.reserve(reservation(taskId, 3));
    expect(await costs.leftBefore(NOW, 1)).toEqual([{ ...older, accountId }]);
    expect(await costs.leftBefore(NOW, 10)).toHaveLength(2);
  });
});

describe("the caps of an account", () => {
  it("count everybody's spending before they are set, and start anew with each day and month of UTC", async () => {
    const task = await newTask({ costUsd: 100 });
    const { accountId, taskId } = task;
    await costs.record(call(task, 3, { at: Date.parse("2026-11-20T23:59:59.999Z") }));
    await costs.record(call(task, 4));
    expect(await costs.accountBudget(accountId, NOW)).toEqual({
      dayCapUsd: null,
      daySpentUsd: 4,
      monthCapUsd: null,
      monthSpentUsd: 7,
    });
    await costs.setAccountBudget(accountId, { dayUsd: 4 });
    expect(await costs.reserve(reservation(taskId, 1))).toMatchObject({
      scope: "day",
      owner: accountId,
      resetsAt: Date.parse("2026-11-22"),
      onlyReserved: false,
    });
    const tomorrow = { at: Date.parse("2026-11-22T00:00:00Z") };
    expect(await costs.reserve(reservation(taskId, 1, tomorrow))).toEqual({ ok: true });
    await costs.setAccountBudget(accountId, { dayUsd: null, monthUsd: 7 });
    expect(await costs.reserve(reservation(taskId, 1, tomorrow))).toMatchObject({
      scope: "month",
      resetsAt: Date.parse("2026-12-01"),
    });
    expect(await costs.accountBudget(accountId, NOW)).toMatchObject({ dayCapUsd: null, monthCapUsd: 7 });
  });

  it("hold for all tasks of the account at once", async () => {
    const accountId = await newAccount();
    await costs.setAccountBudget(accountId, { dayUsd: 1, monthUsd: 50 });
    const tasks = await Promise.all(
      Array.from({ length: 10 }, () => newTask({ costUsd: 100 }, { accountId })),
    );
    const answers = await Promise.all(
      tasks.flatMap(({ taskId }) =>
        [costs, elsewhere].map((store) => store.reserve(reservation(taskId, 0.3))),
      ),
    );
    expect(answers.filter((answer) => answer.ok)).toHaveLength(4);
  });

  it("are not touched by a demo, whose model costs nothing; its own budget is", async () => {
    const demo = await newTask({ costUsd: 1 }, { demo: true });
    await costs.setAccountBudget(demo.accountId, { dayUsd: 0.1 });
    expect(await costs.reserve(reservation(demo.taskId, 0.5))).toEqual({ ok: true });
    await costs.record(call(demo, 1.5));
    expect(await costs.accountBudget(demo.accountId, NOW)).toMatchObject({
      daySpentUsd: 0,
      monthSpentUsd: 0,
    });
    expect(await costs.reserve(reservation(demo.taskId, 0.5))).toMatchObject({ ok: false, scope: "task" });
  });

  it("say first what is really used up", async () => {
    const task = await newTask({ costUsd: 5 });
    await costs.setAccountBudget(task.accountId, { monthUsd: 3 });
    await costs.reserve(reservation(task.taskId, 10));
    await costs.record(call(task, 3));
    expect(await costs.reserve(reservation(task.taskId, 1))).toMatchObject({ scope: "month" });
  });
});

describe("a model call", () => {
  it("is paid once for a key, exactly, in every total, and told as an event", async () => {
    const task = await newTask({ costUsd: 5 });
    const { taskId, accountId } = task;
    const keys = ["a", "b", "a", "b", "a"];
    await Promise.all(
      keys.map((key, i) => (i % 2 ? costs : elsewhere).record(call(task, 0.000_123, { key }))),
    );
    const { rows } = await db.query("select cost_usd::float8 as cost, usage from tasks where id = $1", [
      taskId,
    ]);
    expect(rows).toEqual([
      { cost: 0.000_246, usage: { input: 20, output: 40, cacheRead: 60, cacheWrite: 80, calls: 2 } },
    ]);
    expect(await usages(taskId, "usage")).toMatchObject([
      { totalCostUsd: 0.000_123 },
      { totalCostUsd: 0.000_246 },
    ]);
    for (const name of [`task/${taskId}`, `tree/${taskId}`, `day/${accountId}/2026-11-21`])
      expect(await scope(name)).toEqual({ spent: 0.000_246, reserved: 0 });
  });

  it("keeps everything its price was made of", async () => {
    const task = await newTask({ costUsd: 5 });
    const usage = {
      input: 1,
      output: 2,
      cacheRead: 3,
      cacheWrite: 4,
      cacheWrite1h: 5,
      webSearches: 6,
      fast: true,
      usOnly: true,
    };
    await costs.record(call(task, 1, { usage, estimated: true, partial: true, status: 499 }));
    const { rows } = await db.query("select * from model_calls where task_id = $1", [task.taskId]);
    expect(rows).toMatchObject([
      { cache_write: 4, cache_write_1h: 5, web_searches: 6, fast: true, us_only: true, estimated: true },
    ]);
    expect(rows).toMatchObject([{ partial: true, status: 499, duration_ms: 13, at: new Date(NOW) }]);
  });

  it("that used nothing is kept, and not told", async () => {
    const task = await newTask({ costUsd: 5 });
    const usage = { input: 0, output: 0, cacheRead: 0, cacheWrite: 0 };
    await costs.record(call(task, 0, { usage, status: 529 }));
    expect(await usages(task.taskId, "usage")).toEqual([]);
  });

  it("is paid by an attempt that was fenced, and by a task that was deleted meanwhile", async () => {
    const task = await newTask({ costUsd: 5 });
    await costs.record(call(task, 1));
    await db.query("update task_heads set epoch = 2 where task_id = $1", [task.taskId]);
    await costs.record(call(task, 1));
    expect(await usages(task.taskId, "usage")).toHaveLength(1);
    await db.tx(async (tx) => {
      await tx.query("delete from events where task_id = $1", [task.taskId]);
      await tx.query("delete from tasks where id = $1", [task.taskId]);
      await forgetTaskScopes(tx, task.taskId);
    });
    await costs.record(call(task, 1));
    expect(await scope(`task/${task.taskId}`)).toBeNull();
    expect(await costs.accountBudget(task.accountId, NOW)).toMatchObject({ monthSpentUsd: 3 });
  });

  it("is paid for a parent and its children at once without a deadlock", async () => {
    const root = await newTask({ costUsd: 100 });
    const below = { accountId: root.accountId, parentId: root.taskId };
    const family = [root, await newTask({ costUsd: 100 }, below), await newTask({ costUsd: 100 }, below)];
    await Promise.all(
      Array.from({ length: 60 }, async (_, i) => {
        const store = i % 2 ? costs : elsewhere;
        const task = family[i % 3] ?? root;
        const set = reservation(task.taskId, 0.5);
        await store.reserve(set);
        await store.record(call(task, 0.1));
        await store.release(set.id);
      }),
    );
    expect(await scope(`tree/${root.taskId}`)).toEqual({ spent: 6, reserved: 0 });
    expect(await scope(`task/${root.taskId}`)).toEqual({ spent: 2, reserved: 0 });
  });
});

describe("computing time", () => {
  const charge = ({ accountId, taskId }: Family, seconds: number, more: Partial<ComputeCharge> = {}) => ({
    id: randomUUID(),
    accountId,
    taskId,
    epoch: 1,
    provider: "e2b",
    sinceMs: NOW,
    untilMs: NOW + seconds * 1_000,
    usdPerHour: 0.1,
    ...more,
  });

  it("is charged from where the last charge ended; small steps add up to the whole", async () => {
    const task = await newTask({ costUsd: 5 });
    for (const seconds of [7, 20, 20, 15, 33, 3600])
      await (seconds % 2 ? costs : elsewhere).charge(charge(task, seconds));
    const { rows } = await db.query(
      "select cost_usd::float8 as cost, compute_usd::float8 as compute from tasks where id = $1",
      [task.taskId],
    );
    expect(rows).toEqual([{ cost: 0.1, compute: 0.1 }]);
    expect(await usages(task.taskId, "compute")).toMatchObject([
      { seconds: 7 },
      { seconds: 13 },
      { seconds: 13 },
      { seconds: 3567, totalCostUsd: 0.1 },
    ]);
    expect(await scope(`day/${task.accountId}/2026-11-21`)).toEqual({ spent: 0.1, reserved: 0 });
  });

  it("counts once when two processes charge at once, and says the total", async () => {
    const task = await newTask({ costUsd: 5 });
    const totals = await Promise.all([
      costs.charge(charge(task, 3600)),
      elsewhere.charge(charge(task, 3600)),
      elsewhere.charge(charge(task, 1800)),
    ]);
    expect(totals).toContain(0.1);
    expect(await scope(`task/${task.taskId}`)).toEqual({ spent: 0.1, reserved: 0 });
    expect(await costs.charge(charge(task, 3600))).toBeNull();
  });

  it("begins anew with each attempt, and costs nothing where it has no price", async () => {
    const task = await newTask({ costUsd: 5 });
    expect(await costs.charge(charge(task, 3600))).toBe(0.1);
    expect(await costs.charge(charge(task, 3600, { epoch: 3 }))).toBe(0.2);
    expect(await costs.charge(charge(task, 9999, { usdPerHour: 0 }))).toBeNull();
  });
});

it("finds the tasks of an account that wait for budget, and no others", async () => {
  const accountId = await newAccount();
  const wait = async (id: string, accountOf = accountId) => {
    const { taskId } = await newTask({ costUsd: 1 }, { accountId: accountOf });
    await db.query(
      `update tasks set state = 'waiting', waiting_since = now(), waits = jsonb_build_array(jsonb_build_object('id', $2::text))
       where id = $1`,
      [taskId, id],
    );
    return taskId;
  };
  const waiting = [await wait("budget"), await wait("budget")];
  await wait("usage_limit");
  await wait("budget", await newAccount());
  await newTask({ costUsd: 1 }, { accountId });
  expect(await costs.waitingForBudget(accountId)).toEqual(waiting.sort());
});
