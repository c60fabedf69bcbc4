import type { EventType } from "@agency/contract";
import type { SandboxRecord } from "./attempt-store.ts";
import type { AuditRow } from "./secret-store.ts";
import type { EventPage, EventStore } from "./event-store.ts";

export interface RowPage extends EventPage {
  /** Events up to this number are in segments; none of them is in `events`. */
  readonly archivedThrough: number;
}

/** The events that are in the database. */
export interface EventRows extends EventStore {
  read(...given: Parameters<EventStore["read"]>): Promise<RowPage>;
}

/** Events `firstSeq` to `lastSeq` of one task: zstd of one line of JSON each. */
export interface EventSegment {
  readonly taskId: string;
  readonly firstSeq: number;
  readonly lastSeq: number;
  readonly types: readonly EventType[];
  readonly key: string;
  readonly bytes: number;
  readonly rawBytes: number;
  readonly sha256: string;
}

export interface EventArchive {
  /** Tasks that ended before `before` and have events in rows, the oldest first. */
  due(before: number, limit: number): Promise<string[]>;
  /** Before the object is written: whatever happens, it is a segment's or it is collected. */
  announce(key: string, lastsMs: number): Promise<void>;
  /**
   * False: it does not go on exactly where the last one ended, because another server was faster or the task is
   * gone. Its object is collected then.
   */
  add(segment: EventSegment): Promise<boolean>;
  /** Removes at most `limit` rows of events that are in segments; returns how many there were. */
  removeRows(taskId: string, limit: number): Promise<number>;
  /** When not one row is left, the task is not due any more. */
  settle(taskId: string): Promise<boolean>;
  /** The first segment with events behind `after`, and of these types, if any are named. */
  segmentAfter(taskId: string, after: number, types?: readonly EventType[]): Promise<EventSegment | null>;
}

export type RetentionPart = "events" | "artifacts" | "checkpoints";
/** How long each part is kept after the end of a task, in ms; null: as long as the task. */
export type RetentionTimes = Readonly<Record<RetentionPart, number | null>>;

export interface RetentionStore {
  /** What the account set for itself. */
  own(accountId: string): Promise<Partial<RetentionTimes>>;
  /** One transaction with its entry in the audit log. */
  change(accountId: string, times: Partial<RetentionTimes>, audit: AuditRow): Promise<void>;
  accounts(): Promise<{ id: string; own: Partial<RetentionTimes> }[]>;
  /** Tasks whose part may go: ended before `before`. Of checkpoints only where nobody is to go on from one. */
  due(accountId: string, part: RetentionPart, before: number, limit: number): Promise<string[]>;
  /**
   * Asked again under the task's lock. The newest checkpoint and those with a label stay. Returns whether anything
   * had to go.
   */
  expire(taskId: string, part: RetentionPart, now: number): Promise<boolean>;
}

export interface Removal {
  readonly taskId: string;
  readonly part: "events" | "task";
  /** Whose workspaces go. */
  readonly sandboxes: readonly SandboxRecord[];
}

/** Removals that were decided; each is carried out however often a server dies over it. */
export interface RemovalStore {
  /** One that nobody is at, which is then ours for `forMs`. */
  take(forMs: number): Promise<Removal | null>;
  removeEvents(taskId: string, limit: number): Promise<number>;
  done(removal: Removal): Promise<void>;
}

export interface ScannedObject {
  readonly key: string;
  /** Null: it was sent for a task, and may be of one by now. */
  readonly taskId: string | null;
  /** What follows the task's id in the key. */
  readonly folder: string;
}

/** Compares what storage lists with what the rows say. */
export interface StorageScan {
  /** Ours for `forMs`: where to go on. Null: another server is at it, or the next round is not due. */
  take(forMs: number): Promise<{ after: string | null } | null>;
  /** Where to go on, null: from the start; nobody does so for `forMs`, unless it is who saved it. */
  save(after: string | null, forMs: number): Promise<void>;
  /** Of these objects those without a row are given to the collector; how many. Never of one that is announced. */
  giveUp(objects: readonly ScannedObject[]): Promise<number>;
  /** Keys that rows name from `after` up to `through` and that were not listed. */
  unlisted(after: string, through: string, listed: readonly string[]): Promise<string[]>;
  /** Notes since when they are gone; those that had not been noted before. */
  markMissing(keys: readonly string[]): Promise<string[]>;
  /** They are back, as after a restored backup. */
  markFound(keys: readonly string[]): Promise<void>;
}
