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
  /** Changes when the job is renewed: the same work under a fresh claim. */
  job: QueueJob;
  since: number;
  readonly lease: AbortController;
  ended: Promise<void>;
}

/** Fetches jobs as far as there is room and carries each to the end of its supervision. */
export class Dispatcher {
  readonly #deps: DispatcherDeps;
  readonly #held = new Set<Held>();
  readonly #stopping = new AbortController();
  #kick = Promise.withResolvers<void>();
  #loops: Promise<unknown> = Promise.resolve();
  #unsubscribe: (() => void)[] = [];

  constructor(deps: DispatcherDeps) {
    this.#deps = deps;
  }

  start(): void {
    const kick = () => this.#kick.resolve();
    this.#unsubscribe = [this.#deps.bus.subscribe("job", kick), this.#deps.bus.onResync(kick)];
    this.#loops = Promise.all([this.#takeLoop(), this.#touchLoop()]);
  }

  /** Takes as many jobs as there is room for; returns how many. Tests drive this by hand. */
  async tick(): Promise<number> {
    const room = this.#deps.capacity - this.#held.size;
    if (room <= 0 || this.#stopping.signal.aborted) return 0;
    const jobs = await this.#deps.queue.fetch(room);
    for (const job of jobs) this.#hold(job);
    return jobs.length;
  }

  /** Renews the lease of every held job; one that is no longer ours is let go. */
  async touch(): Promise<void> {
    const all = [...this.#held];
    if (all.length === 0) return;
    const ours = new Set((await this.#deps.queue.touch(all.map((held) => held.job))).map((job) => job.id));
    for (const held of all) {
      if (!ours.has(held.job.id)) held.lease.abort(new Error("another worker has this job now"));
      else if (this.#deps.clock.now() - held.since > this.#deps.times.renewAfterMs) await this.#renew(held);
    }
  }

  running(): number {
    return this.#held.size;
  }

  /** Stops taking and supervising. The sandboxes live on; the next worker adopts them. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#kick.resolve();
    for (const off of this.#unsubscribe) off();
    await this.#loops;
    const held = [...this.#held];
    for (const { lease } of held) lease.abort(new Error("this worker is stopping"));
    await Promise.all(held.map(({ ended }) => ended));
  }

  #hold(job: QueueJob): void {
    const held: Held = {
      job,
      since: this.#deps.clock.now(),
      lease: new AbortController(),
      ended: Promise.resolve(),
    };
    this.#held.add(held);
    this.#deps.metrics.runningTasks(this.#held.size);
    held.ended = this.#carry(held).finally(() => {
      this.#held.delete(held);
      this.#deps.metrics.runningTasks(this.#held.size);
      this.#kick.resolve();
    });
  }

  /** A job that was not finished goes back at once, for another worker to adopt the task. */
  async #carry(held: Held): Promise<void> {
    const { queue, logger, supervise, times } = this.#deps;
    try {
      const end = await supervise(held.job.taskId, held.lease.signal);
      if (end === "done") await queue.complete(held.job);
      else await queue.release(held.job, 0);
    } catch (error) {
      logger.error(
        { err: error, taskId: held.job.taskId },
        "supervision failed; the job goes back to the queue",
      );
      await queue.release(held.job, times.retryMs).catch(() => {
        // Without a database nothing can be given back: the lease runs out and another worker takes over.
      });
    }
  }

  /** The queue caps a claim at 24 hours; a longer task goes on under a fresh one. */
  async #renew(held: Held): Promise<void> {
    const renewed = await this.#deps.queue.renew(held.job);
    if (renewed === null) return held.lease.abort(new Error("the job could not be renewed"));
    held.job = renewed;
    held.since = this.#deps.clock.now();
  }

  async #takeLoop(): Promise<void> {
    const { clock, times } = this.#deps;
    while (!this.#stopping.signal.aborted) {
      this.#kick = Promise.withResolvers<void>();
      if (await this.#guarded("taking jobs", () => this.tick())) continue;
      const stop = new AbortController();
      const signal = AbortSignal.any([this.#stopping.signal, stop.signal]);
      await Promise.race([this.#kick.promise, clock.sleep(times.pollMs, signal)]);
      stop.abort();
    }
  }

  async #touchLoop(): Promise<void> {
    const { clock, times } = this.#deps;
    while (!this.#stopping.signal.aborted) {
      await clock.sleep(times.touchMs, this.#stopping.signal);
      await this.#guarded("renewing leases", () => this.touch());
    }
  }

  /** True when the work said there may be more to do at once. */
  async #guarded(what: string, work: () => Promise<number | void>): Promise<boolean> {
    try {
      return Number(await work()) > 0;
    } catch (error) {
      this.#deps.logger.warn({ err: error }, `${what} failed; trying again`);
      return false;
    }
  }
}
