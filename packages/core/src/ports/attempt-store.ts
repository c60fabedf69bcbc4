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
  /** Said hello, has not handed in its outcome, and nobody wants it to stop: it may spend money. */
  readonly working: boolean;
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
  /** Sandboxes that are not deleted although no live attempt needs them. */
  strays(provider: string): Promise<SandboxRecord[]>;
  /** Of these sandbox ids, the ones a live attempt needs. */
  needed(ids: readonly string[]): Promise<ReadonlySet<string>>;
}
