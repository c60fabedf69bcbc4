import type { Clock, Logger, TaskStore } from "@agency/core";

export interface Chore {
  readonly name: string;
  readonly everyMs: number;
  /** How long after the start its first turn is; at once when not given. */
  readonly afterMs?: number;
  run(signal: AbortSignal): Promise<void>;
}

export interface Chores {
  start(): void;
  stop(): Promise<void>;
}

/** Small periodic duties. One that fails is tried again at its next turn and never stops the others. */
export function createChores(deps: { clock: Clock; logger: Logger; chores: readonly Chore[] }): Chores {
  const stopping = new AbortController();
  let loops: Promise<unknown> = Promise.resolve();
  const loop = async (chore: Chore) => {
    if (chore.afterMs !== undefined) await deps.clock.sleep(chore.afterMs, stopping.signal);
    while (!stopping.signal.aborted) {
      try {
        await chore.run(stopping.signal);
      } catch (error) {
        if (!stopping.signal.aborted)
          deps.logger.warn({ err: error, chore: chore.name }, "a chore failed; it will be tried again");
      }
      await deps.clock.sleep(chore.everyMs, stopping.signal);
    }
  };
  return {
    start() {
      loops = Promise.all(deps.chores.map(loop));
    },
    async stop() {
      stopping.abort();
      await loops;
    },
  };
}

/** Moves scheduled tasks whose time has come into the queue. Two schedulers at once do it once. */
export async function releaseDue(deps: { tasks: TaskStore; now: () => number }): Promise<number> {
  const ids = await deps.tasks.dueIds(deps.now(), 100);
  for (const id of ids) await deps.tasks.apply(id, { kind: "due" }, deps.now());
  return ids.length;
}

export interface ActivityBook {
  note: (taskId: string, activity: string) => void;
  flush(): Promise<void>;
}

/** Activity words change many times a second; the row needs them about once. */
export function createActivityBook(tasks: TaskStore): ActivityBook {
  let pending = new Map<string, string>();
  return {
    note: (taskId, activity) => void pending.set(taskId, activity),
    async flush() {
      if (pending.size === 0) return;
      const batch = pending;
      pending = new Map();
      await tasks.setActivity(batch);
    },
  };
}
