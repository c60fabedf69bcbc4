import type { EventType, TaskEvent } from "@agency/contract";
import type { EventReading, EventStore } from "@agency/core";
import type { MemoryBus } from "./memory-bus.ts";

/** One task's log in memory, with the same answers as the real store. Counts its reads. */
export class MemoryEvents implements EventStore {
  readonly log: TaskEvent[] = [];
  reads = 0;
  broken = false;
  #purgedBelow = 1;
  #failures = 0;
  #gate: Promise<void> = Promise.resolve();
  readonly #bus: MemoryBus;

  constructor(bus: MemoryBus) {
    this.#bus = bus;
  }

  /** Writes without anybody being told, as when the connection of the wake-ups is down. */
  writeQuietly(count: number, text = "x"): void {
    for (let i = 0; i < count; i += 1) this.#push({ type: "log", data: { stream: "stdout", text } });
  }

  write(count = 1, text = "x"): void {
    this.writeQuietly(count, text);
    this.#bus.publish("ev", `task:${this.log.length}`);
  }

  finish(): void {
    this.#push({ type: "status", data: { state: "completed" } });
    this.#bus.publish("ev", `task:${this.log.length}`);
  }

  purgeBelow(seq: number): void {
    this.#purgedBelow = seq;
  }

  failNextRead(): void {
    this.#failures = 1;
  }

  /** Reads wait until the returned function is called. */
  holdReads(): () => void {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#gate = promise;
    return resolve;
  }

  /** Resolves when whoever reads has had many turns to do so. */
  async quiet(): Promise<void> {
    for (let turn = 0; turn < 200; turn += 1) await Promise.resolve();
  }

  append(): never {
    throw new Error("not used here");
  }

  async read(
    _taskId: string,
    after: number,
    limit: number,
    _types?: readonly EventType[],
    { mostBytes = Infinity }: EventReading = {},
  ) {
    this.reads += 1;
    await this.#gate;
    this.#failures -= 1;
    if (this.broken || this.#failures === 0) throw new Error("the database is away");
    const kept = this.log.filter((event) => event.seq >= this.#purgedBelow);
    let bytes = 0;
    const fits = ({ data }: TaskEvent) => (bytes += JSON.stringify(data).length) < mostBytes;
    const rest = kept.filter((event) => event.seq > after).slice(0, limit);
    const cut = rest.findIndex((event) => !fits(event));
    const events = cut === -1 ? rest : rest.slice(0, cut + 1);
    const lastSeq = this.log.length;
    return { events, lastSeq, firstSeq: kept[0]?.seq ?? lastSeq + 1 };
  }

  #push(body: Pick<TaskEvent, "type" | "data">): void {
    this.log.push({
      seq: this.log.length + 1,
      at: "2026-01-01T00:00:00.000Z",
      epoch: 1,
      ...body,
    } as TaskEvent);
  }
}
