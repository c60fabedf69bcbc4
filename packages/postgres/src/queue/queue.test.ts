import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import type { Clock, Queue, QueueJob } from "@agency/core";
import { createTestDatabase } from "@agency/testing";
import type { TestDatabase } from "@agency/testing";
import { createBus } from "../bus.ts";
import { DEFAULT_ACCOUNT_ID } from "../accounts.ts";
import { openDatabase } from "../database.ts";
import type { Database } from "../database.ts";
import { createQueue } from "./queue.ts";

const OTHER = "00000000-0000-7000-8000-000000000002";
const quiet = { debug() {}, info() {}, warn() {}, error() {}, child: () => quiet };

/** Nothing here is waited for by the clock: a sleep ends when it is given up. */
const stillClock: Clock = {
  now: () => Date.now(),
  sleep: (_ms, signal) => new Promise((resolve) => signal?.addEventListener("abort", () => resolve())),
};

let home: TestDatabase;
let db: Database;
let queue: Queue;
const queues: Queue[] = [];

async function worker(maxRunning = 3): Promise<Queue> {
  const made = createQueue({
    db,
    logger: quiet,
    maxRunning,
    times: { heartbeatSeconds: 10, monitorSeconds: 1 },
  });
  await made.start();
  queues.push(made);
  return made;
}

let counter = 0;
const taskId = (): string => `00000000-0000-7000-8000-${String((counter += 1)).padStart(12, "0")}`;

async function put(more: { accountId?: string; priority?: number; startAfter?: Date; taskId?: string } = {}) {
  const job = { taskId: taskId(), accountId: DEFAULT_ACCOUNT_ID, priority: 0, ...more };
  await db.tx((tx) => queue.enqueue(job, tx));
  return job.taskId;
}

function only(jobs: QueueJob[]): QueueJob {
  const [job, ...more] = jobs;
  if (job === undefined || more.length > 0) throw new Error(`expected one job, got ${jobs.length}`);
  return job;
}

const tasksOf = (jobs: QueueJob[]): string[] => jobs.map((job) => job.taskId);

/** The holder was last heard of so long ago that its claim is lost. */
async function silence(job: QueueJob, seconds: number): Promise<void> {
  await db.query(
    "update pgboss.job set heartbeat_on = heartbeat_on - $2 * interval '1 second' where id = $1",
    [job.id, seconds],
  );
}

beforeAll(async () => {
  home = await createTestDatabase();
  db = openDatabase({ connectionString: home.connectionString, max: 12 });
  await db.query("insert into accounts (id, name, max_running) values ($1, 'other', 2)", [OTHER]);
});
beforeEach(async () => {
  queue = await worker();
});
afterEach(async () => {
  await Promise.all(queues.splice(0).map((each) => each.stop()));
  await db.query("delete from pgboss.job");
});
afterAll(async () => {
  await db.close();
  await home.drop();
});

describe("enqueue", () => {
  it("vanishes with the transaction it was part of", async () => {
    const failing = db.tx(async (tx) => {
      await queue.enqueue({ taskId: taskId(), accountId: DEFAULT_ACCOUNT_ID, priority: 0 }, tx);
      throw new Error("the task could not be written");
    });
    await expect(failing).rejects.toThrow("could not be written");
    expect(await queue.fetch(1)).toEqual([]);
  });

  it("queues a task that waits already only once", async () => {
    const id = await put();
    await put({ taskId: id });
    expect(tasksOf(await queue.fetch(5))).toEqual([id]);
  });

  it("keeps a job back until its time, out of the queue's depth, too", async () => {
    await put({ startAfter: new Date(Date.now() + 3_600_000) });
    expect(await queue.fetch(1)).toEqual([]);
    expect(await queue.depth()).toBe(0);
    const due = await put({ startAfter: new Date(Date.now() - 1_000) });
    expect(await queue.depth()).toBe(1);
    expect(tasksOf(await queue.fetch(2))).toEqual([due]);
  });
});

describe("a wake-up", () => {
  it("goes out with a job that can start at once, put in or given back, and with no other", async () => {
    const bus = createBus({ connectionString: home.connectionString, clock: stillClock, logger: quiet });
    await bus.ready;
    const heard: string[] = [];
    const { promise: all, resolve } = Promise.withResolvers<void>();
    const { promise: two, resolve: second } = Promise.withResolvers<void>();
    bus.subscribe("job", (payload) => {
      heard.push(payload);
      if (heard.length === 2) second();
      if (payload === "the end") resolve();
    });
    await put({ startAfter: new Date(Date.now() + 3_600_000) });
    await put();
    const [job] = await queue.fetch(1);
    if (job !== undefined) await queue.release(job, 0);
    await two;
    for (const again of await queue.fetch(1)) await queue.release(again, 60_000);
    await db.query("select pg_notify('job', 'the end')");
    await all;
    expect(heard).toEqual(["", "", "the end"]);
    await bus.close();
  });
});

describe("fetch", () => {
  it("hands out the most urgent first, and equals in the order they came", async () => {
    const ids = [];
    for (const priority of [0, 5, -5, 5, 0]) ids.push(await put({ priority }));
    const [a, b, c, d, e] = ids;
    const wide = await worker(10);
    expect(tasksOf(await wide.fetch(10))).toEqual([b, d, a, e, c]);
  });

  it("takes the most urgent of an account, even when the account may run fewer than wait", async () => {
    for (let i = 0; i < 10; i += 1) await put({ priority: 0 });
    const urgent = [await put({ priority: 9 }), await put({ priority: 8 }), await put({ priority: 7 })];
    expect(tasksOf(await queue.fetch(10))).toEqual(urgent);
  });

  it("lets one account's crowd not hold up another's job", async () => {
    for (let i = 0; i < 6; i += 1) await put({ priority: 9 });
    const lone = await put({ accountId: OTHER });
    const jobs = await queue.fetch(10);
    expect(jobs).toHaveLength(4);
    expect(tasksOf(jobs)).toContain(lone);
  });

  it("goes by an account's own limit where it has one", async () => {
    for (let i = 0; i < 5; i += 1) await put({ accountId: OTHER });
    expect(await queue.fetch(10)).toHaveLength(2);
  });

  it("never runs more of an account than its limit, with two workers racing for 200 jobs", async () => {
    const all = [];
    for (let i = 0; i < 200; i += 1) all.push(await put());
    const rivals = [queue, await worker()];
    const seen: string[] = [];
    let most = 0;
    const work = async (mine: Queue): Promise<void> => {
      while (seen.length < all.length) {
        const jobs = await mine.fetch(3);
        const { rows } = await db.query<{ n: number }>(
          "select count(*) as n from pgboss.job where state = 'active'",
        );
        most = Math.max(most, rows[0]?.n ?? 0);
        for (const job of jobs) {
          seen.push(job.taskId);
          expect(await mine.complete(job)).toBe(true);
        }
      }
    };
    await Promise.all(rivals.flatMap((rival) => [work(rival), work(rival), work(rival)]));
    expect(most).toBe(3);
    expect(seen.toSorted()).toEqual(all.toSorted());
  });

  it("leaves a task alone while another job of it is held", async () => {
    const id = await put();
    const held = only(await queue.fetch(1));
    await put({ taskId: id });
    expect(await queue.fetch(1)).toEqual([]);
    await queue.complete(held);
    await db.query("update pgboss.job set start_after = now() where state = 'retry'");
    expect(tasksOf(await queue.fetch(1))).toEqual([id]);
  });
});

describe("a claim", () => {
  it("that its worker lets go silent is handed to another, and the first one's word counts no more", async () => {
    const id = await put();
    const dead = only(await queue.fetch(1));
    await silence(dead, 11);
    const rescuer = await worker();
    const taken = await vi.waitUntil(async () => (await rescuer.fetch(1))[0], { timeout: 10_000 });
    expect(taken.taskId).toBe(id);
    expect(taken.retryCount).toBeGreaterThan(dead.retryCount);
    expect(await queue.touch([dead])).toEqual([]);
    expect(await queue.complete(dead)).toBe(false);
    expect(await queue.renew(dead)).toBeNull();
    await queue.release(dead, 0);
    expect(await rescuer.touch([taken])).toEqual([taken]);
    expect(await rescuer.complete(taken)).toBe(true);
  });

  it("stays its worker's for as long as it is touched", async () => {
    await put();
    await put();
    const jobs = await queue.fetch(2);
    expect(await queue.touch(jobs)).toEqual(jobs);
    expect(await queue.touch([])).toEqual([]);
  });

  it("can be given back for any worker to take, now or later", async () => {
    const id = await put();
    const job = only(await queue.fetch(1));
    await queue.release(job, 3_600_000);
    expect(await queue.fetch(1)).toEqual([]);
    await db.query("update pgboss.job set start_after = now()");
    const again = only(await queue.fetch(1));
    expect(again.taskId).toBe(id);
    await queue.release(again, 0);
    expect(tasksOf(await queue.fetch(1))).toEqual([id]);
    expect(await queue.complete(job)).toBe(false);
  });

  it("outlives the library's 24 hours when it is renewed", async () => {
    await put();
    const job = only(await queue.fetch(1));
    await db.query("update pgboss.job set started_on = started_on - interval '23 hours 59 minutes'");
    expect(await queue.renew(job)).toEqual(job);
    const { rows } = await db.query(
      "select now() - started_on < interval '1 minute' as fresh from pgboss.job",
    );
    expect(rows).toEqual([{ fresh: true }]);
    expect(await queue.complete(job)).toBe(true);
  });
});

describe("removeQueued", () => {
  it("takes a waiting job away, but not one that a worker holds", async () => {
    const [held, waits] = [await put({ priority: 1 }), await put()];
    const job = only(await queue.fetch(1));
    await db.tx(async (tx) => {
      await queue.removeQueued(held, tx);
      await queue.removeQueued(waits, tx);
    });
    expect(await queue.depth()).toBe(0);
    expect(await queue.complete(job)).toBe(true);
  });
});

describe("what waits", () => {
  it("is counted, and its oldest timed", async () => {
    expect([await queue.depth(), await queue.oldestQueuedMs()]).toEqual([0, 0]);
    await put();
    await put();
    await db.query(
      "update pgboss.job set created_on = now() - interval '1 minute', start_after = now() - interval '1 minute'",
    );
    expect(await queue.depth()).toBe(2);
    expect(await queue.oldestQueuedMs()).toBeGreaterThanOrEqual(60_000);
  });
});
