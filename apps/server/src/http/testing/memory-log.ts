import type { EventBody, EventType, TaskEvent } from "@agency/contract";
import type { Bus, Channel, EventPage, EventStore } from "@agency/core";

/** Event logs and their wake-ups in memory, with the answers of the real ones. */
export class MemoryLog implements EventStore, Bus {
  readonly #logs = new Map<string, TaskEvent[]>();
  readonly #firstKept = new Map<string, number>();
  readonly #listeners = new Set<(payload: string) => void>();
  broken = false;

  write(taskId: string, ...bodies: EventBody[]): void {
    const log = this.#logs.get(taskId) ?? [];
    this.#logs.set(taskId, log);
    for (const body of bodies)
      log.push({ seq: log.length + 1, at: "2026-03-01T12:00:00.000Z", epoch: 1, ...body });
    this.wakeUp(`${taskId}:${log.length}`);
  }

  wakeUp(payload: string): void {
    for (const listener of this.#listeners) listener(payload);
  }

  purgeBelow(taskId: string, seq: number): void {
    this.#firstKept.set(taskId, seq);
  }

  lastSeq(taskId: string): number {
    return this.#logs.get(taskId)?.length ?? 0;
  }

  async read(taskId: string, after: number, limit: number, types?: readonly EventType[]): Promise<EventPage> {
    if (this.broken) throw new Error("the database is away");
    const log = this.#logs.get(taskId) ?? [];
    const kept = log.filter(({ seq }) => seq >= (this.#firstKept.get(taskId) ?? 1));
    const wanted = kept.filter((event) => event.seq > after && (types?.includes(event.type) ?? true));
    return {
      events: wanted.slice(0, limit),
      lastSeq: log.length,
      firstSeq: kept[0]?.seq ?? log.length + 1,
    };
  }

  append(): never {
    throw new Error("the API never appends");
  }

  subscribe(_channel: Channel, listener: (payload: string) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  onResync(): () => void {
    return () => undefined;
  }
}
