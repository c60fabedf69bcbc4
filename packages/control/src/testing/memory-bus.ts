import type { Bus, Channel } from "@agency/core";

export interface MemoryBus extends Bus {
  publish(channel: Channel, payload: string): void;
  resync(): void;
}

export function createMemoryBus(): MemoryBus {
  const listeners = new Map<Channel, Set<(payload: string) => void>>();
  const resyncs = new Set<() => void>();
  const of = (channel: Channel) => {
    const known = listeners.get(channel) ?? new Set();
    listeners.set(channel, known);
    return known;
  };
  return {
    subscribe(channel, listener) {
      of(channel).add(listener);
      return () => of(channel).delete(listener);
    },
    onResync(listener) {
      resyncs.add(listener);
      return () => resyncs.delete(listener);
    },
    publish: (channel, payload) => of(channel).forEach((listener) => listener(payload)),
    resync: () => resyncs.forEach((listener) => listener()),
  };
}
