import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Clock, EventAppend, EventStore, ReadyEvent } from "@agency/core";
import { createTestDatabase } from "@agency/testing";
import type { TestDatabase } from "@agency/testing";
import { Client } from "pg";
import { DEFAULT_ACCOUNT_ID } from "../accounts.ts";
import { openDatabase } from "../database.ts";
import type { Database } from "../database.ts";
import { appendEvents } from "./append.ts";
import { createEventStore } from "./store.ts";

let home: TestDatabase;
let db: Database;
let store: EventStore;
let ear: Client;
let heard: string[] = [];

const at = "2026-11-21T10:00:00.000Z";
const realClock: Clock = {
  now: () => Date.now(),
  sleep: () => new Promise((resolve) => setImmediate(resolve)),
};
const say = (text: string): ReadyEvent => ({ type: "notice", data: { level: "info", text }, at });
const says = (count: number): ReadyEvent[] => Array.from({ length: count }, (_, i) => say(`event ${i}`));
const status = (state: string): ReadyEvent => ({ type: "status", data: { state }, at });

let counter = 0;
async function newTask(epoch = 1): Promise<string> {
  const id = `019a0000-0000-7000-8000-${String((counter += 1)).padStart(12, "0")}`;
  await db.query(
    `with task as (
       insert into tasks (id, account_id, state, attempts_left, name, prompt, engine, provider, spec, created_at)
       values ($1, $3, 'running', 3, 'n', 'p', 'claude', 'local', '{}', now())
       returning id)
     insert into task_heads (task_id, epoch) select id, $2 from task`,
    [id, epoch, DEFAULT_ACCOUNT_ID],
  );
  return id;
}

async function append(batch: EventAppend) {
  const [result] = await appendEvents(db, [batch]);
  return result;
}

/** Notifications come in the order of the commits, so our own says that all earlier ones are in. */
async function hearEverything(): Promise<void> {
  const mark = `mark ${(counter += 1)}`;
  const { promise, resolve } = Promise.withResolvers<void>();
  ear.on("notification", ({ payload }) => payload === mark && resolve());
  await db.query("select pg_notify('ev', $1)", [mark]);
  await promise;
}

async function listenDuring(work: () => Promise<unknown>): Promise<string[]> {
  await hearEverything();
  heard = [];
  await work();
  await hearEverything();
  return heard.filter((payload) => !payload.startsWith("mark"));
}

beforeAll(async () => {
  home = await createTestDatabase();
  db = openDatabase({ connectionString: home.connectionString, max: 12 });
  store = createEventStore(db, realClock);
  ear = new Client({ connectionString: home.connectionString });
  await ear.connect();
  await ear.query("listen ev");
  ear.on("notification", ({ payload }) => heard.push(payload ?? ""));
});
afterAll(async () => {
  await ear.end();
  await db.close();
  await home.drop();
});

describe("append", () => {
  it("numbers a task's events from one, without a gap, whoever speaks", async () => {
    const taskId = await newTask();
    await append({ taskId, epoch: 1, from: null, events: [status("running")] });
    await append({ taskId, epoch: 1, from: 1, events: says(3) });
    const last = await append({ taskId, epoch: 1, from: null, events: says(1) });
    expect(last).toEqual({ taskId, verdict: "ok", lastSeq: 5, runnerSeq: 3 });
    const page = await store.read(taskId, 0, 100);
    expect(page.events.map((event) => event.seq)).toEqual([1, 2, 3, 4, 5]);
  });

  it("stores what is new of a redelivered batch, and nothing twice", async () => {
    const taskId = await newTask();
    const events = says(10);
    await append({ taskId, epoch: 1, from: 1, events: events.slice(0, 6) });
    const again = await append({ taskId, epoch: 1, from: 3, events: events.slice(2) });
    expect(again).toEqual({ taskId, verdict: "ok", lastSeq: 10, runnerSeq: 10 });
    const old = await append({ taskId, epoch: 1, from: 1, events: events.slice(0, 4) });
    expect(old).toEqual({ taskId, verdict: "ok", lastSeq: 10, runnerSeq: 10 });
    const page = await store.read(taskId, 0, 100);
    expect(page.events.map((event) => event.data)).toEqual(events.map((event) => event.data));
  });

  it("writes nothing past a gap in the runner's numbers, and says how far it is", async () => {
    const taskId = await newTask();
    await append({ taskId, epoch: 1, from: 1, events: says(2) });
    const gap = await append({ taskId, epoch: 1, from: 4, events: says(1) });
    expect(gap).toEqual({ taskId, verdict: "gap", lastSeq: 2, runnerSeq: 2 });
  });

  it("takes nothing from another epoch than the present one", async () => {
    const taskId = await newTask(2);
    for (const epoch of [1, 3]) {
      const result = await append({ taskId, epoch, from: 1, events: says(1) });
      expect(result).toEqual({ taskId, verdict: "fenced", lastSeq: 0, runnerSeq: 0 });
    }
  });

  it("takes nothing after the terminal event", async () => {
    const taskId = await newTask();
    await append({ taskId, epoch: 1, from: null, events: [say("bye"), status("completed")] });
    for (const from of [null, 1]) {
      const late = await append({ taskId, epoch: 1, from, events: says(1) });
      expect(late).toEqual({ taskId, verdict: "closed", lastSeq: 2, runnerSeq: 0 });
    }
    const twice = db.query(
      `insert into events (task_id, seq, at, epoch, type, data)
       values ($1, 3, now(), 1, 'status', '{"state":"failed"}')`,
      [taskId],
    );
    await expect(twice).rejects.toMatchObject({ code: "23505" });
  });

  it("refuses a batch that goes on after its own terminal event", async () => {
    const taskId = await newTask();
    const batch = { taskId, epoch: 1, from: null, events: [status("failed"), say("one more thing")] };
    expect(() => appendEvents(db, [batch])).toThrow(/after the last one/);
  });

  it("knows no task that does not exist", async () => {
    const taskId = "019a0000-0000-7000-8000-ffffffffffff";
    const result = await append({ taskId, epoch: 1, from: 1, events: says(1) });
    expect(result).toEqual({ taskId, verdict: "missing", lastSeq: 0, runnerSeq: 0 });
  });

  it("judges many tasks in one statement, each for itself", async () => {
    const [good, stale] = [await newTask(), await newTask(5)];
    const batch = { epoch: 1, from: 1, events: says(2) };
    const results = await appendEvents(db, [
      { ...batch, taskId: good },
      { ...batch, taskId: stale },
    ]);
    expect(results.map((result) => result.verdict)).toEqual(["ok", "fenced"]);
  });

  it("goes with the caller's transaction", async () => {
    const taskId = await newTask();
    const failing = db.tx(async (tx) => {
      await appendEvents(tx, [{ taskId, epoch: 1, from: 1, events: says(2) }]);
      throw new Error("no");
    });
    await expect(failing).rejects.toThrow("no");
    const result = await append({ taskId, epoch: 1, from: 1, events: says(1) });
    expect(result).toMatchObject({ lastSeq: 1, runnerSeq: 1 });
  });

  it("keeps blobs, the sanitised mark and every kind of text", async () => {
    const taskId = await newTask();
    const text = "ünï \u{1F600} \u0001 \\u0000 '; drop table events; --";
    const event: ReadyEvent = {
      ...say(text),
      sanitized: true,
      blob: { key: "tasks/x/1.json", bytes: 70_000 },
    };
    await append({ taskId, epoch: 1, from: 1, events: [event] });
    const page = await store.read(taskId, 0, 1);
    expect(page.events).toEqual([{ seq: 1, epoch: 1, ...event }]);
  });
});

describe("a notification", () => {
  it("names each task and its newest number, once a statement", async () => {
    const [a, b] = [await newTask(), await newTask()];
    const batch = { epoch: 1, from: 1, events: says(3) };
    const said = await listenDuring(() =>
      appendEvents(db, [
        { ...batch, taskId: a },
        { ...batch, taskId: b },
      ]),
    );
    expect(said).toHaveLength(1);
    expect(said[0]?.split(",").toSorted()).toEqual([`${a}:3`, `${b}:3`]);
  });

  it("stays out when nothing was written", async () => {
    const taskId = await newTask();
    await append({ taskId, epoch: 1, from: 1, events: says(1) });
    const said = await listenDuring(async () => {
      await append({ taskId, epoch: 1, from: 1, events: says(1) });
      await append({ taskId, epoch: 9, from: 2, events: says(1) });
    });
    expect(said).toEqual([]);
  });

  it("says `everything` when the list would be too long for one", async () => {
    const tasks = await Promise.all(Array.from({ length: 200 }, () => newTask()));
    const batches = tasks.map((taskId) => ({ taskId, epoch: 1, from: 1, events: says(1) }));
    expect(await listenDuring(() => appendEvents(db, batches))).toEqual(["*"]);
  });
});

describe("read", () => {
  it("goes on after a number, in order, up to a limit, of some types only", async () => {
    const taskId = await newTask();
    await append({ taskId, epoch: 1, from: null, events: [say("1"), status("running"), say("3"), say("4")] });
    const numbers = async (...rest: [number, number, ("notice" | "status")[]?]) =>
      (await store.read(taskId, ...rest)).events.map((event) => event.seq);
    expect(await numbers(1, 2)).toEqual([2, 3]);
    expect(await numbers(0, 10, ["status"])).toEqual([2]);
    expect(await numbers(4, 10)).toEqual([]);
  });

  it("tells what the control plane said itself from what a runner did", async () => {
    const taskId = await newTask();
    await append({ taskId, epoch: 1, from: 1, events: [say("forged")] });
    await append({ taskId, epoch: 1, from: null, events: [say("ours")] });
    const { events } = await store.read(taskId, 0, 10, ["notice"], { by: "control_plane" });
    expect(events).toMatchObject([{ seq: 2, data: { text: "ours" } }]);
  });

  it("ends a page with the event that reaches the bytes asked for, and has one event at least", async () => {
    const taskId = await newTask();
    const large = "x".repeat(10_000);
    await append({
      taskId,
      epoch: 1,
      from: 1,
      events: [...says(5), ...Array.from({ length: 5 }, () => say(large))],
    });
    const page = async (after: number, mostBytes: number, types?: ["notice"]) => {
      const { events, lastSeq } = await store.read(taskId, after, 100, types, { mostBytes });
      expect(lastSeq).toBe(10);
      return events.map(({ seq }) => seq);
    };
    expect(await page(0, 10_500)).toEqual([1, 2, 3, 4, 5, 6, 7]);
    expect(await page(7, 10_500, ["notice"])).toEqual([8, 9]);
    expect(await page(9, 1)).toEqual([10]);
    expect(await page(10, 1)).toEqual([]);
  });

  it("says where the log begins and ends, even with its beginning purged", async () => {
    const taskId = await newTask();
    expect(await store.read(taskId, 0, 1)).toMatchObject({ events: [], lastSeq: 0, firstSeq: 1 });
    await append({ taskId, epoch: 1, from: 1, events: says(5) });
    await db.query("delete from events where task_id = $1 and seq <= 2", [taskId]);
    expect(await store.read(taskId, 99, 1)).toMatchObject({ events: [], lastSeq: 5, firstSeq: 3 });
    await db.query("delete from events where task_id = $1", [taskId]);
    expect(await store.read(taskId, 0, 1)).toMatchObject({ events: [], lastSeq: 5, firstSeq: 6 });
  });
});

describe("the store, with many callers at once", () => {
  it("keeps every log gapless under eight writers that share their tasks", async () => {
    const tasks = await Promise.all(Array.from({ length: 20 }, () => newTask()));
    const write = async (writer: number): Promise<void> => {
      // Each writer is a process of its own: its own store, its own order of tasks.
      const own = createEventStore(db, realClock);
      for (let round = 0; round < 10; round += 1) {
        const order = writer % 2 === 0 ? tasks : tasks.toReversed();
        await Promise.all(
          order.map((taskId) => own.append({ taskId, epoch: 1, from: null, events: says(2) })),
        );
      }
    };
    await Promise.all(Array.from({ length: 8 }, (_, writer) => write(writer)));
    const { rows } = await db.query(
      `select min(n) as least, max(n) as most, bool_and(last = n and first = 1) as gapless
       from (select count(*) as n, max(seq) as last, min(seq) as first from events
             where task_id = any($1) group by task_id) t`,
      [tasks],
    );
    expect(rows).toEqual([{ least: 160, most: 160, gapless: true }]);
  });

  it("sends what arrives during a flush together with the next, a task's own batches one by one", async () => {
    const statements: string[][] = [];
    const second = Promise.withResolvers<void>();
    const judge = async (input: unknown): Promise<void> => {
      const batches: { t: string }[] = JSON.parse(String(input));
      if (statements.push(batches.map(({ t }) => t)) === 2) second.resolve();
      await second.promise;
    };
    const gated: Database = {
      ...db,
      async query<R extends object>(text: string, values?: readonly unknown[], name?: string) {
        if (text.includes("task_heads")) await judge(values?.[0]);
        return db.query<R>(text, values, name);
      },
    };
    const own = createEventStore(gated, realClock);
    const [a, b, c] = [await newTask(), await newTask(), await newTask()];
    const one = (taskId: string, from: number) => own.append({ taskId, epoch: 1, from, events: says(1) });
    const results = await Promise.all([one(a, 1), one(a, 2), one(b, 1), one(c, 1), one(a, 3)]);
    expect(statements).toEqual([[a], [b, c], [a], [a]]);
    expect(results.map((result) => result.lastSeq)).toEqual([1, 2, 1, 1, 3]);
  });

  it("never has more than two statements under way", async () => {
    let underWay = 0;
    let most = 0;
    const counting: Database = {
      ...db,
      query<R extends object>(text: string, values?: readonly unknown[], name?: string) {
        most = Math.max(most, (underWay += 1));
        return db.query<R>(text, values, name).finally(() => (underWay -= 1));
      },
    };
    // Without a pause between them, and each task's batch on its own.
    const own = createEventStore(counting, { ...realClock, sleep: async () => {} });
    const tasks = await Promise.all(Array.from({ length: 12 }, () => newTask()));
    const write = async (taskId: string): Promise<void> => {
      for (let from = 1; from <= 5; from += 1) {
        await own.append({ taskId, epoch: 1, from, events: says(1) });
      }
    };
    await Promise.all(tasks.map(write));
    expect(most).toBe(2);
  });

  it("does not hold back as much as fills a statement", async () => {
    const paused = Promise.withResolvers<AbortSignal>();
    const clock: Clock = {
      now: () => 1_000,
      sleep: (_, signal) =>
        new Promise((resolve) => {
          signal?.addEventListener("abort", () => resolve());
          if (signal !== undefined) paused.resolve(signal);
        }),
    };
    const own = createEventStore(db, clock);
    const taskId = await newTask();
    const flood = (id: string, from: number) =>
      own.append({ taskId: id, epoch: 1, from, events: [say("x".repeat(300_000))] });
    await own.append({ taskId, epoch: 1, from: 1, events: says(1) });
    const small = own.append({ taskId, epoch: 1, from: 2, events: says(1) });
    const signal = await paused.promise;
    expect(signal.aborted).toBe(false);
    await flood(await newTask(), 1);
    expect((await small).verdict).toBe("ok");
  });

  it("waits between two flushes, but not before the first", async () => {
    const sleeps: number[] = [];
    const clock: Clock = { now: () => 1_000, sleep: async (ms) => void sleeps.push(ms) };
    const own = createEventStore(db, clock);
    const taskId = await newTask();
    await own.append({ taskId, epoch: 1, from: 1, events: says(1) });
    expect(sleeps).toEqual([]);
    await own.append({ taskId, epoch: 1, from: 2, events: says(1) });
    expect(sleeps).toEqual([10]);
  });

  it("loses one task's bad event, not its neighbours'", async () => {
    const [good, bad, fine] = [await newTask(), await newTask(), await newTask()];
    const own = createEventStore(db, realClock);
    const one = (taskId: string, text: string) =>
      own.append({ taskId, epoch: 1, from: 1, events: [say(text)] });
    const results = await Promise.allSettled([
      one(good, "a"),
      one(fine, "b"),
      one(bad, "nul \u0000"),
      one(await newTask(), "c"),
    ]);
    expect(results.map((result) => result.status)).toEqual([
      "fulfilled",
      "fulfilled",
      "rejected",
      "fulfilled",
    ]);
  });

  it("tells every caller at once when the database is gone", async () => {
    const gone = openDatabase({ connectionString: "postgresql://agency@%2Fnowhere/postgres", max: 1 });
    const own = createEventStore(gone, realClock);
    const one = () =>
      own.append({ taskId: "019a0000-0000-7000-8000-000000000000", epoch: 1, from: 1, events: says(1) });
    const results = await Promise.allSettled([one(), one()]);
    for (const result of results) {
      expect(result).toMatchObject({ status: "rejected", reason: { code: "unavailable" } });
    }
    await gone.close();
  });
});
