import type { RunnerCommand, WaitReason } from "@agency/contract";
import type { SandboxRef } from "./provider.ts";

export type SandboxState = "intent" | "creating" | "active" | "deleting" | "deleted" | "discarded";

export interface SandboxRecord {
  readonly id: string;
  readonly taskId: string;
  readonly provider: string;
  readonly generation: number;
  readonly state: SandboxState;
  readonly ref: SandboxRef | null;
  /** Of a task that is over, for people to look into; null: not kept. Milliseconds since 1970. */
  readonly keptUntil: number | null;
  /** Its files are not wanted either. */
  readonly discard: boolean;
}

/** One attempt as its tokens name it: enough to let a request of the runner or the engine in. */
export interface AttemptAccess {
  readonly attemptId: string;
  readonly taskId: string;
  readonly accountId: string;
  readonly epoch: number;
  /** The task's epoch now; a smaller `epoch` is fenced. */
  readonly taskEpoch: number;
  readonly live: boolean;
  /** Over, but its sandbox is kept for people: it may hear commands, and nothing else. */
  readonly kept: boolean;
  /** Said hello, has not handed in its outcome, and nobody wants it to stop: it may spend money. */
  readonly working: boolean;
  /** Its agent is over, by its own word: what it has made is stored, and nothing else of the world is open to it. */
  readonly finalizing: boolean;
  /** What it waits for, if anything: its model calls wait with it. */
  readonly hold: WaitReason | null;
  /** When the hold ends by itself. */
  readonly holdUntil: number | null;
  readonly demo: boolean;
  readonly onUsageLimit: "next" | "wait" | "stop";
  /** Its network is not the whole internet. */
  readonly strictEgress: boolean;
  readonly costUsd: number;
  readonly budgetUsd: number;
  /** What the runner slows its events down to. */
  readonly eventsPerSecond: number;
  /** Of the events the runner has sent so far, and what they may come to. */
  readonly outputBytes: number;
  readonly outputLimit: number;
}

export interface AttemptStore {
  find(attemptId: string): Promise<AttemptAccess | null>;
  /** Burns the one-use boot token for this runner. False: another runner used it before. */
  burnBootToken(attemptId: string, nonce: string, now: number): Promise<boolean>;
  /** The runner was heard. */
  touch(attemptId: string, now: number): Promise<void>;
  setSandbox(id: string, state: SandboxState, ref: SandboxRef | null): Promise<void>;
  /** Commands for the runner in order, after the given command id. */
  commandsAfter(taskId: string, afterId: string | null): Promise<RunnerCommand[]>;
  /** Until that instant, unless `most` sandboxes of the account are kept already: false. */
  keepSandbox(id: string, until: number, most: number): Promise<boolean>;
  /** From now on it is not kept any more. */
  dropSandbox(id: string): Promise<void>;
  /** Sandboxes whose time of being kept has passed. */
  keptTooLong(provider: string): Promise<SandboxRecord[]>;
  /** Sandboxes that are not deleted although no live attempt needs them and nobody wants them kept. */
  strays(provider: string): Promise<SandboxRecord[]>;
  /** Of these sandbox ids, the ones a live attempt needs, or that are kept. */
  needed(ids: readonly string[]): Promise<ReadonlySet<string>>;
}
