import { describe, expect, it } from "vitest";
import type { Clock, Logger, Metrics, Queue, QueueJob } from "@agency/core";
import { createMemoryBus } from "../testing/memory-bus.ts";
import { Dispatcher } from "./dispatcher.ts";
import type { SupervisionEnd } from "./supervisor.ts";

const silent: Logger = { debug() {}, info() {}, warn() {}, error() {}, child: () => silent };
const times = { pollMs: 10, touchMs: 10, renewAfterMs: 1000, retryMs: 50 };

class FakeQueue implements Queue {
  readonly calls: string[] = [];
  waiting: QueueJob[] = [];
  stolen = new Set<string>();
  add(...ids: string[]): void {
    this.waiting.push(...ids.map((id) => ({ id, taskId: `task-${id}`, accountId: "a", retryCount: 0 })));
  }
  fetch(max: number) {
    return Promise.resolve(this.waiting.splice(0, max));
  }
  touch(jobs: readonly QueueJob[]) {
    return Promise.resolve(jobs.filter((job) => !this.stolen.has(job.id)));
  }
  complete(job: QueueJob) {
    this.calls.push(`complete ${job.id}`);
    return Promise.resolve(true);
  }
  release(job: QueueJob, delayMs: number) {
    this.calls.push(`release ${job.id} ${delayMs}`);
    return Promise.resolve();
  }
  renew(job: QueueJob) {
    this.calls.push(`renew ${job.id}`);
    return Promise.resolve({ ...job, id: `${job.id}'` });
  }
  enqueue = () => Promise.resolve();
  reclaim = () => Promise.resolve(0);
  removeQueued = () => Promise.resolve();
  depth = () => Promise.resolve(0);
  oldestQueuedMs = () => Promise.resolve(0);
  start = () => Promise.resolve();
  stop = () => Promise.resolve();
}

function setUp(capacity = 2) {
  const queue = new FakeQueue();
  const running = new Map<string, { finish: (end: SupervisionEnd | Error) => void; lease: AbortSignal }>();
  const clock: Clock & { at: number } = { at: 0, now: () => clock.at, sleep: () => Promise.resolve() };
  const counts: number[] = [];
  const metrics = { runningTasks: (n: number) => counts.push(n) } as unknown as Metrics;
  const dispatcher = new Dispatcher({
    queue,
    bus: createMemoryBus(),
    clock,
    metrics,
    logger: silent,
    capacity,
    times,
    supervise: (taskId, lease) =>
      new Promise((resolve, reject) => {
        const finish = (end: SupervisionEnd | Error) => (end instanceof Error ? reject(end) : resolve(end));
        lease.addEventListener("abort", () => resolve("lost"));
        running.set(taskId, { finish, lease });
      }),
  });
  return { queue, running, clock, dispatcher, counts };
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

describe("the dispatcher", () => {
  it("takes as many jobs as there is room for, and more when room comes", async () => {
    const { queue, running, dispatcher } = setUp(2);
    queue.add("1", "2", "3");
    expect(await dispatcher.tick()).toBe(2);
    expect(await dispatcher.tick()).toBe(0);
    running.get("task-1")?.finish("done");
    await settled();
    expect(queue.calls).toEqual(["complete 1"]);
    expect(await dispatcher.tick()).toBe(1);
    expect(dispatcher.running()).toBe(2);
  });

  it("lets go of a job that another worker has now, and does not touch the task", async () => {
    const { queue, running, dispatcher } = setUp();
    queue.add("1");
    await dispatcher.tick();
    queue.stolen.add("1");
    await dispatcher.touch();
    await settled();
    expect(running.get("task-1")?.lease.aborted).toBe(true);
    expect(dispatcher.running()).toBe(0);
  });

  it("puts a job back when its supervision fails", async () => {
    const { queue, running, dispatcher } = setUp();
    queue.add("1");
    await dispatcher.tick();
    running.get("task-1")?.finish(new Error("no database"));
    await settled();
    expect(queue.calls).toEqual(["release 1 50"]);
  });

  it("renews a job before the queue's cap and completes it under its new claim", async () => {
    const { queue, running, dispatcher, clock } = setUp();
    queue.add("1");
    await dispatcher.tick();
    clock.at = 1001;
    await dispatcher.touch();
    running.get("task-1")?.finish("done");
    await settled();
    expect(queue.calls).toEqual(["renew 1", "complete 1'"]);
  });

  it("gives every job back when it stops, so that the next worker adopts the tasks", async () => {
    const { queue, dispatcher, counts } = setUp();
    queue.add("1", "2");
    await dispatcher.tick();
    await dispatcher.stop();
    expect(queue.calls).toEqual(["release 1 0", "release 2 0"]);
    expect(await dispatcher.tick()).toBe(0);
    expect(counts.at(-1)).toBe(0);
  });
});
