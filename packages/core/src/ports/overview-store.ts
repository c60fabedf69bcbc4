import type {
  EstimateQuery,
  FeedTotals,
  FilterTasks,
  QueueInfo,
  RecentRepository,
  Spend,
  StorageUse,
  TaskCounts,
  TaskSummary,
  Template,
} from "@agency/contract";

/** What lists show of many tasks at once. */
export interface FeedStore {
  /** Every task that is not over, newest first, at most `live`, and the last `recent` that are. */
  snapshot(accountId: string, most: { live: number; recent: number }): Promise<FeedSnapshot>;
  /** Those of the account; an id that is missing in the answer is not one of them, or gone. */
  summaries(accountId: string, ids: readonly string[]): Promise<TaskSummary[]>;
  totals(accountId: string, now: number): Promise<FeedTotals>;
}

export interface FeedSnapshot {
  readonly tasks: TaskSummary[];
  readonly truncated: boolean;
}

/** One past run. */
export interface PastRun {
  readonly costUsd: number;
  readonly durationMs: number;
}

export interface OverviewStore {
  countTasks(accountId: string, filter: FilterTasks): Promise<TaskCounts>;
  /** Days as `YYYY-MM-DD`, in UTC. */
  spend(accountId: string, from: string, to: string): Promise<Spend>;
  /** The newest runs that completed and have all of this in common. */
  pastRuns(accountId: string, like: EstimateQuery, most: number): Promise<PastRun[]>;
  recentRepositories(accountId: string): Promise<RecentRepository[]>;
  waitingForStart(
    accountId: string,
    now: number,
  ): Promise<{ running: number; waiting: Omit<QueueInfo["waiting"][number], "reason" | "position">[] }>;
  storageUse(accountId: string): Promise<Omit<StorageUse, "storage">>;
}

export interface TemplateRow {
  readonly id: string;
  readonly name: string;
  readonly task: Template["task"];
  readonly updatedAt: number;
}

export type SaveTemplateOutcome = "saved" | "not_found" | "name_taken" | "too_many";

export interface TemplateStore {
  list(accountId: string): Promise<TemplateRow[]>;
  create(accountId: string, template: TemplateRow, most: number): Promise<SaveTemplateOutcome>;
  replace(accountId: string, template: TemplateRow): Promise<SaveTemplateOutcome>;
  remove(accountId: string, id: string): Promise<boolean>;
}
