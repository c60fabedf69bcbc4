import type { Bus, Channel } from "@agency/core";

export interface Wakeup {
  /** Resolves at the next wake-up after this call. Call it before reading, then read, then await. */
  next(): Promise<void>;
  close(): void;
}

export interface Wakeups {
  listen(taskId: string): Wakeup;
}

/** Turns bus notifications into per-task wake-ups; one bus subscription serves every listener. */
export function createWakeups(bus: Bus, channel: Channel): Wakeups {
  const waiting = new Map<string, Set<() => void>>();
  const wake = (taskId: string) => {
    for (const fire of waiting.get(taskId) ?? []) fire();
  };
  const wakeAll = () => {
    for (const taskId of waiting.keys()) wake(taskId);
  };
  bus.onResync(wakeAll);
  bus.subscribe(channel, (payload) => {
    if (payload === "*") return wakeAll();
    for (const pair of payload.split(",")) wake(pair.split(":", 1)[0] ?? "");
  });
  return { listen: (taskId) => listen(waiting, taskId) };
}

function listen(waiting: Map<string, Set<() => void>>, taskId: string): Wakeup {
  let gate = Promise.withResolvers<void>();
  let armed = false;
  let closed = false;
  const fire = () => {
    armed = false;
    gate.resolve();
  };
  const listeners = waiting.get(taskId) ?? new Set();
  listeners.add(fire);
  waiting.set(taskId, listeners);
  return {
    next() {
      if (!armed && !closed) gate = Promise.withResolvers<void>();
      armed = true;
      return gate.promise;
    },
    close() {
      closed = true;
      listeners.delete(fire);
      if (listeners.size === 0 && waiting.get(taskId) === listeners) waiting.delete(taskId);
      gate.resolve();
    },
  };
}
