import type {
  Approve,
  CommandPolicy,
  Deliver,
  Limits,
  ListTasks,
  Network,
  Repository,
  Task,
  TaskResult,
} from "@agency/contract";
import type { Step, StepError, TaskCommand, TaskSnapshot } from "../task/snapshot.ts";
import type { SandboxRecord } from "./attempt-store.ts";
import type { Removal } from "./retention-store.ts";
import type { AuditRow, SealedSecret } from "./secret-store.ts";

/** The rest of the request: what is kept as one document because nothing searches in it. */
export interface TaskSpec {
  limits: Limits;
  network: Network;
  allowInternalNetwork: boolean;
  repository: Repository | null;
  /** Further repositories it may read. */
  repositories: string[];
  approve: Approve;
  commandPolicy: CommandPolicy;
  questions: boolean;
  onBudget: "wait" | "stop";
  onUsageLimit: "next" | "wait" | "stop";
  project: string | null;
  deliver: Deliver;
  commits: "squash" | "keep";
  /** The pull request whose branch is worked on. */
  pullRequest: number | null;
  checks: string[];
  artifacts: string[];
  resume: { taskId: string; checkpoint: number; fork: boolean } | null;
  /** What it goes on from instead, or as the task in `resume` did when its checkpoint is 0; of a task that is being made, the sizes are those of the upload. */
  upload: SpecUpload | null;
  /** It reviews `pullRequest`. */
  review: { post: boolean } | null;
  /** How long its sandbox stays when it is over; null: not. */
  keepMs: number | null;
  env: Record<string, string>;
  /** Of the secrets it brought: they go when it has ended, their names stay. */
  secretNames?: readonly string[];
  command: string | null;
  demo: boolean;
}

export interface SpecUpload {
  id: string;
  base: string;
  head: string;
  branch: string | null;
  commit: string;
  sessionId: string | null;
  engineVersion: string | null;
  key: string;
  bytes: number;
  sha256: string;
}

export interface NewTask {
  id: string;
  accountId: string;
  name: string;
  prompt: string;
  engine: string;
  model: string | null;
  provider: string;
  spec: TaskSpec;
  labels: Record<string, string>;
  priority: number;
  /** Milliseconds since 1970; null: at once. */
  notBefore: number | null;
  parentId: string | null;
  /** Agency's own probes: run like any task, never listed. */
  hidden: boolean;
  /** Sealed; they go when the task has ended. */
  secrets: readonly { name: string; secret: SealedSecret }[];
  /** Written with the task or not at all: a request that is only repeated leaves no second entry. */
  audit: AuditRow | null;
}

export interface Idempotency {
  route: string;
  key: string;
  fingerprint: Uint8Array;
}

export type CreateOutcome =
  | { readonly kind: "created" | "replayed"; readonly task: Task }
  /** no_upload: it was used, or is no longer kept. */
  | { readonly kind: "mismatch" | "no_parent" | "no_checkpoint" | "no_upload" };

export type ApplyOutcome =
  | { readonly ok: true; readonly step: Step; readonly task: SupervisedTask }
  | { readonly ok: false; readonly error: StepError | { readonly code: "missing" } };

/** A task as the worker sees it. */
export interface SupervisedTask {
  readonly id: string;
  readonly accountId: string;
  readonly hidden: boolean;
  readonly name: string;
  readonly snapshot: TaskSnapshot;
  readonly prompt: string;
  readonly engine: string;
  readonly model: string | null;
  readonly provider: string;
  readonly spec: TaskSpec;
  readonly createdAt: number;
  readonly attempt: SupervisedAttempt | null;
  readonly activity: string | null;
  readonly lastEventAt: number | null;
  readonly costUsd: number;
  /** Of `costUsd`, what computing time came to. */
  readonly computeUsd: number;
  /** Model calls counted so far. */
  readonly calls: number;
  readonly outputBytes: number;
}

export interface SupervisedAttempt {
  readonly id: string;
  readonly epoch: number;
  /** Everything the runner sent up to this number is stored. */
  readonly runnerSeq: number;
  readonly createdAt: number;
  readonly lastContactAt: number | null;
  readonly sandbox: SandboxRecord;
}

export type MessageOutcome = "sent" | "not_found" | "finished";
export type ChangeLimitsOutcome =
  | { readonly kind: "changed"; readonly task: Task }
  | { readonly kind: "not_found" | "finished" }
  /** A limit would leave its range: which, and why. */
  | { readonly kind: "invalid"; readonly problem: string };
/** gone: the task is over and nothing is left to keep. */
export type KeepOutcome =
  | { readonly kind: "kept"; readonly task: Task }
  | { readonly kind: "not_found" | "gone" }
  /** As many as may be kept are, or are promised. */
  | { readonly kind: "full" }
  | { readonly kind: "invalid"; readonly problem: string };
export type DeleteOutcome =
  /** Out of sight, and all the rest of it in a removal, which the caller may carry out at once. */
  | { readonly kind: "deleted"; readonly removal: Removal }
  | { readonly kind: "not_found" | "live" }
  /** The task that goes on from one of its checkpoints and has not ended. */
  | { readonly kind: "needed"; readonly by: string };

export interface TaskStore {
  /** One transaction: idempotency row, task, first event, job. A replay returns the first task. */
  create(task: NewTask, idempotency: Idempotency | null): Promise<CreateOutcome>;
  /** What the same request made before; null when nothing is known of its key yet. */
  replay(accountId: string, idempotency: Idempotency): Promise<CreateOutcome | null>;
  get(accountId: string, id: string): Promise<Task | null>;
  list(accountId: string, query: ListTasks): Promise<{ tasks: Task[]; nextCursor: string | null }>;
  countByState(): Promise<Record<string, number>>;
  /** Locks the row, asks `stepTask`, writes what it says: events, attempt, job and wake-ups in one go. */
  apply(id: string, command: TaskCommand, now: number): Promise<ApplyOutcome>;
  /** Every account's view: for the worker and the uplink only. */
  load(id: string): Promise<SupervisedTask | null>;
  addMessage(
    accountId: string,
    id: string,
    message: { id: string; text: string; mode: "steer" | "next_turn" },
  ): Promise<MessageOutcome>;
  /**
   * One transaction: the row is locked, `change` decides on the limits it has now, then the row, the `limits` event
   * and the runner's command are written; a wait for budget ends when there is budget again.
   */
  changeLimits(
    accountId: string,
    id: string,
    change: (limits: Limits) => { ok: true; limits: Limits } | { ok: false; problem: string },
    by: string,
    now: number,
  ): Promise<ChangeLimitsOutcome>;
  /** Scheduled tasks whose time has come, oldest first. */
  dueIds(now: number, limit: number): Promise<string[]>;
  setActivity(activities: ReadonlyMap<string, string>): Promise<void>;
  setResult(id: string, epoch: number, result: TaskResult): Promise<void>;
  /**
   * One transaction: `change` is told for how long the sandbox would still be kept, and says for how long from now;
   * null: not. Of a task that is not over it counts from its end, and is promised only when fewer than `most` are.
   */
  keep(
    accountId: string,
    id: string,
    change: (leftMs: number) => number | null | { problem: string },
    now: number,
    most: number,
  ): Promise<KeepOutcome>;
  /** Sandboxes of an account that are kept, or will be when their task is over. */
  keptCount(accountId: string): Promise<number>;
  /** Of a task that is over: when its sandbox goes, its files go with it. Of any other the step `cancel` says it. */
  discardSandbox(id: string): Promise<void>;
  /** One transaction: the runner is told to dial back for it, the audit log and the events say who opened it. */
  openTerminal(
    accountId: string,
    taskId: string,
    terminal: { id: string; audit: AuditRow; text: string },
  ): Promise<"opened" | "not_found" | "not_running" | "over">;
  /** A notice in the log of a task, unless it is over. */
  noteTerminal(taskId: string, text: string, now: number): Promise<void>;
  /** Only a finished task. One transaction with its entry in the audit log; its billing rows stay. */
  delete(accountId: string, id: string, audit: AuditRow): Promise<DeleteOutcome>;
}
