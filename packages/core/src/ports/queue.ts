declare const transaction: unique symbol;

/** An open transaction of the store. Opaque: callers pass it on, only the adapter that made it looks inside. */
export interface Tx {
  readonly [transaction]?: never;
}

export interface NewJob {
  taskId: string;
  accountId: string;
  /** Higher runs first; equal ones in the order they came. */
  priority: number;
  startAfter?: Date;
}

/**
 * A claimed job: the lease on a task. `id` and `retryCount` together name this one claim; once the job was
 * handed to another worker, nothing done with the old pair has any effect.
 */
export interface QueueJob {
  readonly id: string;
  readonly taskId: string;
  readonly accountId: string;
  readonly retryCount: number;
}

/** Work for the workers, kept beside the tasks so that both change together. */
export interface Queue {
  /** Part of the caller's transaction. A task that is waiting already is not queued twice. */
  enqueue(job: NewJob, tx: Tx): Promise<void>;
  /**
   * Up to `max` jobs, most urgent first, never more of one account at once than it may run, and never one
   * whose task another worker still holds. A job of a worker that stopped touching it is handed out again.
   */
  fetch(max: number): Promise<QueueJob[]>;
  /** Keeps the claims alive; returns those that are still ours. */
  touch(jobs: readonly QueueJob[]): Promise<QueueJob[]>;
  /** False when the claim is no longer ours. */
  complete(job: QueueJob): Promise<boolean>;
  /** Gives the job back, for any worker to fetch after `delayMs`. A claim that is not ours is left alone. */
  release(job: QueueJob, delayMs: number): Promise<void>;
  /** Starts the 24 hours that a claim may last anew; null when the claim is no longer ours. */
  renew(job: QueueJob): Promise<QueueJob | null>;
  /**
   * Takes every claim back at once, whoever holds it. Only for a store that can have no other worker: there,
   * a claim found at the start is a dead process's, and waiting for its lease to run out helps nobody.
   */
  reclaim(): Promise<number>;
  /** Part of the caller's transaction. Jobs that a worker holds are not touched. */
  removeQueued(taskId: string, tx: Tx): Promise<void>;
  /** Jobs that could start now. */
  depth(): Promise<number>;
  /** How long the oldest of them has been waiting; 0 when there is none. */
  oldestQueuedMs(): Promise<number>;
  start(): Promise<void>;
  stop(): Promise<void>;
}
