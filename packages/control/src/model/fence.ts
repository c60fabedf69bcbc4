import { isTerminal } from "@agency/core";
import type { AttemptCaller, Bus, Clock, Fence, TaskStore } from "@agency/core";
import { createWakeups } from "../events/wakeups.ts";
import type { Wakeups } from "../events/wakeups.ts";

/** A wake-up can be lost while the bus reconnects; this is how long a stale stream then lives on. */
const LOOK_EVERY_MS = 5_000;

export interface FenceDeps {
  tasks: Pick<TaskStore, "load">;
  bus: Bus;
  clock: Clock;
}

interface Watch {
  readonly over: AbortController;
  readonly unwatched: AbortController;
  holders: number;
}

/** However many streams an attempt has open, one watch serves them all. */
export function createFence(deps: FenceDeps): Fence {
  const wakeups = createWakeups(deps.bus, "ctl");
  const watches = new Map<string, Watch>();

  function open(key: string, caller: AttemptCaller): Watch {
    const watch = { over: new AbortController(), unwatched: new AbortController(), holders: 0 };
    watches.set(key, watch);
    void look(deps, wakeups, caller, watch.unwatched.signal).then((over) => {
      if (watches.get(key) === watch) watches.delete(key);
      if (over) watch.over.abort(new Error(`attempt ${caller.epoch} of the task is over`));
    });
    return watch;
  }

  return {
    watch(caller) {
      const key = `${caller.taskId}:${caller.epoch}`;
      const watch = watches.get(key) ?? open(key, caller);
      watch.holders += 1;
      let held = true;
      return {
        signal: watch.over.signal,
        release() {
          if (!held) return;
          held = false;
          watch.holders -= 1;
          if (watch.holders > 0) return;
          if (watches.get(key) === watch) watches.delete(key);
          watch.unwatched.abort();
        },
      };
    },
  };
}

/** True once the attempt is over; false when nobody wants to know any more. */
async function look(
  { tasks, clock }: FenceDeps,
  wakeups: Wakeups,
  caller: AttemptCaller,
  unwatched: AbortSignal,
): Promise<boolean> {
  const wake = wakeups.listen(caller.taskId);
  try {
    while (!unwatched.aborted) {
      const woken = wake.next();
      if (await isOver(tasks, caller)) return true;
      const rested = new AbortController();
      await Promise.race([woken, clock.sleep(LOOK_EVERY_MS, AbortSignal.any([unwatched, rested.signal]))]);
      rested.abort();
    }
    return false;
  } finally {
    wake.close();
  }
}

/** What cannot be asked right now is not over: no stream is cut because the database is away for a moment. */
async function isOver(tasks: FenceDeps["tasks"], { taskId, epoch }: AttemptCaller): Promise<boolean> {
  try {
    const task = await tasks.load(taskId);
    if (task === null) return true;
    const { epoch: current, state } = task.snapshot;
    // An agent that is over has no stream open; one that only says so must not keep any.
    return current !== epoch || state === "finishing" || isTerminal(state);
  } catch {
    return false;
  }
}
