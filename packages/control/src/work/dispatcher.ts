import type { Bus, Clock, Logger, Metrics, Queue, QueueJob } from "@agency/core";
import type { SupervisionEnd } from "./supervisor.ts";

export interface DispatcherDeps {
  queue: Queue;
  bus: Bus;
  clock: Clock;
  metrics: Metrics;
  logger: Logger;
  /** Tasks this process carries at once. */
  capacity: number;
  supervise: (taskId: string, lease: AbortSignal) => Promise<SupervisionEnd>;
  times: { pollMs: number; touchMs: number; renewAfterMs: number; retryMs: number };
}

/** A lost wake-up costs one poll; a dead worker's job is found by polling only. */
export const DISPATCH_TIMES = { pollMs: 2_000, touchMs: 5_000, renewAfterMs: 20 * 3_600_000, retryMs: 5_000 };

interface Held {
  job: QueueJob;
  since: number;
  readonly lease: AbortController;
  readonly ended: Promise<void>;
}

export interface Dispatcher {
  start(): void;
  /** Takes as many jobs as there is room for; returns how many. Tests drive this by hand. */
  tick(): Promise<number>;
  /** Renews the leases of every held job; a job that is no longer ours is let go. */
  touch(): Promise<void>;
  running(): number;
  /** Stops taking and supervising. Sandboxes live on; the next worker adopts them. */
  stop(): Promise<void>;
}

export function createDispatcher(deps: DispatcherDeps): Dispatcher {
  const held = new Map<string, Held>();
  const stopping = new AbortController();
  let kick = Promise.withResolvers<void>();
  let loops: Promise<unknown> = Promise.resolve();
  const unsubscribe: (() => void)[] = [];

  const hold = (job: QueueJob) => {
    const lease = new AbortController();
    const ended = carry(deps, job, lease, () => held.get(job.id)?.job ?? job).finally(() => {
      held.delete(job.id);
      deps.metrics.runningTasks(held.size);
      kick.resolve();
    });
    held.set(job.id, { job, since: deps.clock.now(), lease, ended });
    deps.metrics.runningTasks(held.size);
  };

  const tick = async () => {
    const room = deps.capacity - held.size;
    if (room <= 0 || stopping.signal.aborted) return 0;
    const jobs = await deps.queue.fetch(room);
    for (const job of jobs) hold(job);
    return jobs.length;
  };

  const touch = async () => {
    const now = deps.clock.now();
    const all = [...held.values()];
    if (all.length === 0) return;
    const ours = new Set((await deps.queue.touch(all.map((h) => h.job))).map((job) => job.id));
    for (const item of all) {
      if (!ours.has(item.job.id)) item.lease.abort(new Error("another worker has this job now"));
      else if (now - item.since > deps.times.renewAfterMs) await renew(deps, item, now, held);
    }
  };

  const takeLoop = async () => {
    while (!stopping.signal.aborted) {
      kick = Promise.withResolvers<void>();
      const taken = await guarded(deps.logger, "taking jobs", tick);
      if (taken > 0) continue;
      await either(deps.clock, kick.promise, deps.times.pollMs, stopping.signal);
    }
  };

  const touchLoop = async () => {
    while (!stopping.signal.aborted) {
      await deps.clock.sleep(deps.times.touchMs, stopping.signal);
      await guarded(deps.logger, "renewing leases", async () => {
        await touch();
        return 0;
      });
    }
  };

  return {
    start() {
      unsubscribe.push(
        deps.bus.subscribe("job", () => kick.resolve()),
        deps.bus.onResync(() => kick.resolve()),
      );
      loops = Promise.all([takeLoop(), touchLoop()]);
    },
    tick,
    touch,
    running: () => held.size,
    async stop() {
      stopping.abort();
      kick.resolve();
      for (const off of unsubscribe) off();
      await loops;
      for (const item of held.values()) item.lease.abort(new Error("this worker is stopping"));
      await Promise.all([...held.values()].map((item) => item.ended));
    },
  };
}

/** From job to end of supervision. A job that was not finished goes back at once for another worker to adopt. */
async function carry(
  deps: DispatcherDeps,
  job: QueueJob,
  lease: AbortController,
  current: () => QueueJob,
): Promise<void> {
  const log = deps.logger.child({ taskId: job.taskId });
  try {
    const end = await deps.supervise(job.taskId, lease.signal);
    if (end === "done") await deps.queue.complete(current());
    else await deps.queue.release(current(), 0);
  } catch (error) {
    log.error({ err: error }, "supervision failed; the job goes back to the queue");
    await deps.queue.release(current(), deps.times.retryMs).catch(() => {
      // Without a database nothing can be given back: the lease runs out and another worker takes over.
    });
  }
}

/** The queue caps a job at 24 hours; a longer task gets a fresh job for the same attempt. */
async function renew(deps: DispatcherDeps, item: Held, now: number, held: Map<string, Held>): Promise<void> {
  const old = item.job;
  const renewed = await deps.queue.renew(old);
  if (renewed === null) return item.lease.abort(new Error("the job could not be renewed"));
  item.job = renewed;
  item.since = now;
  held.delete(old.id);
  held.set(renewed.id, item);
}

async function guarded(logger: Logger, what: string, work: () => Promise<number>): Promise<number> {
  try {
    return await work();
  } catch (error) {
    logger.warn({ err: error }, `${what} failed; trying again`);
    return 0;
  }
}

async function either(clock: Clock, wake: Promise<void>, ms: number, signal: AbortSignal): Promise<void> {
  const stop = new AbortController();
  await Promise.race([wake, clock.sleep(ms, AbortSignal.any([signal, stop.signal]))]);
  stop.abort();
}
