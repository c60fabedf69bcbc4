import type { EventType, TaskEvent } from "@agency/contract";

/** An event that passed ingest: checked, sanitised, small enough to keep inline. */
export interface ReadyEvent {
  type: EventType;
  data: object;
  /** ISO instant. */
  at: string;
  sanitized?: boolean;
  blob?: { key: string; bytes: number };
}

export interface EventAppend {
  taskId: string;
  epoch: number;
  /** Runner number of the first event; null when the control plane speaks. */
  from: number | null;
  events: readonly ReadyEvent[];
}

export type AppendVerdict = "ok" | "fenced" | "gap" | "closed" | "missing";

export interface AppendResult {
  taskId: string;
  verdict: AppendVerdict;
  lastSeq: number;
  /** Everything up to this runner number is stored. */
  runnerSeq: number;
}

export interface EventPage {
  events: TaskEvent[];
  lastSeq: number;
  /** Number of the oldest event still kept; lastSeq + 1 when none is. */
  firstSeq: number;
  /** ISO instant since when the events are no longer kept; not there while they are. */
  expiredAt?: string;
}

export interface EventReading {
  /** Only what the control plane said itself, which no runner can forge. */
  by?: "control_plane";
  /** A page ends with the event that reaches so many bytes of data: there may be more although `limit` was not reached. */
  mostBytes?: number;
}

export interface EventStore {
  /** Gapless per task; a redelivered runner number changes nothing (I3, I7). */
  append(batch: EventAppend): Promise<AppendResult>;
  read(
    taskId: string,
    after: number,
    limit: number,
    types?: readonly EventType[],
    reading?: EventReading,
  ): Promise<EventPage>;
}
