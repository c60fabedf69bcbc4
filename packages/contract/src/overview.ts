import { z } from "zod";
import { jsonSchema } from "./json.ts";
import { createTaskSchema } from "./tasks.ts";

const when = z.iso.datetime();
const day = z.iso.date();

/** Days are those of UTC, both ends included. */
export const spendQuerySchema = z.strictObject({ from: day.optional(), to: day.optional() });
export type SpendQuery = z.output<typeof spendQuerySchema>;
const sumSchema = z.object({ name: z.string(), usd: z.number() });
export const spendSchema = z.object({
  from: day,
  to: day,
  totalUsd: z.number(),
  days: z
    .array(
      z.object({
        day,
        modelUsd: z.number(),
        computeUsd: z.number(),
        calls: z.number().int(),
        inputTokens: z.number(),
        outputTokens: z.number(),
      }),
    )
    .describe("One for each day, also for those on which nothing was spent."),
  models: z.array(sumSchema).describe("The dearest first, at most 20."),
  providers: z.array(sumSchema).describe("Computing time by provider, the dearest first."),
});
export type Spend = z.infer<typeof spendSchema>;

export const estimateQuerySchema = z.strictObject({
  repository: z.string().max(2000).optional(),
  engine: z.string().max(64).optional(),
  model: z.string().max(128).optional(),
});
export type EstimateQuery = z.output<typeof estimateQuerySchema>;
const spread = z.object({ p50: z.number(), p90: z.number() }).nullable();
export const estimateSchema = z.object({
  sample: z.number().int().describe("Runs it was worked out from."),
  basis: z
    .enum(["repository", "model", "engine", "all"])
    .nullable()
    .describe("What those runs have in common with the one asked about; null when there are none."),
  costUsd: spread,
  durationMs: spread.describe("Without the time spent waiting."),
});
export type Estimate = z.infer<typeof estimateSchema>;

export const recentRepositorySchema = z.object({
  url: z.string(),
  branch: z.string().nullable().describe("Of the last task."),
  lastUsedAt: when,
  tasks: z.number().int().describe("Among the account's last 1000."),
});
export type RecentRepository = z.infer<typeof recentRepositorySchema>;
export const recentRepositoryListSchema = z.object({ repositories: z.array(recentRepositorySchema) });

export const queueSchema = z.object({
  running: z.number().int(),
  capacity: z.number().int().describe("Most tasks that run at the same time."),
  waiting: z
    .array(
      z.object({
        taskId: z.uuid(),
        name: z.string(),
        position: z.number().int().describe("1 is the next one."),
        since: when,
        reason: z
          .enum(["next", "capacity", "scheduled"])
          .describe("It is about to start, every place is taken, or its time has not come."),
        startsAt: when.nullable().describe("Not before."),
      }),
    )
    .describe("In the order they will start, at most 200."),
});
export type QueueInfo = z.infer<typeof queueSchema>;

export const storageUseSchema = z.object({
  storage: z.string().describe("Where blobs are: local, or the bucket."),
  blobBytes: z.number(),
  blobs: z.number().int(),
  kinds: z.array(z.object({ kind: z.string(), bytes: z.number(), count: z.number().int() })),
  databaseBytes: z.number(),
  largest: z.array(z.object({ taskId: z.uuid(), name: z.string(), bytes: z.number() })),
});
export type StorageUse = z.infer<typeof storageUseSchema>;

export const stopTasksSchema = z.strictObject({ ids: z.array(z.uuid()).min(1).max(500) });
export type StopTasks = z.output<typeof stopTasksSchema>;
export const stoppedTasksSchema = z.object({
  stopped: z.array(z.uuid()).describe("Being stopped, or over already."),
  missing: z.array(z.uuid()),
});
export type StoppedTasks = z.infer<typeof stoppedTasksSchema>;

export const taskCountsSchema = z.object({
  counts: z.record(z.string(), z.number().int()),
  atLeast: z.boolean().describe("Counting stopped at 10,000: there are more."),
});
export type TaskCounts = z.infer<typeof taskCountsSchema>;

const templateName = z
  .string()
  .trim()
  .min(1)
  .max(100)
  .regex(/^[^\p{Cc}\p{Cf}]*$/u, "no control characters");
/** Whatever a new task may say, except what belongs to one task only. */
const templateTask = createTaskSchema
  .omit({ secrets: true, notBefore: true, parentId: true, resume: true })
  .partial()
  .extend({ prompt: z.string().max(100_000).default("") });
export const saveTemplateSchema = z.strictObject({ name: templateName, task: templateTask });
export type SaveTemplateInput = z.input<typeof saveTemplateSchema>;
export type SaveTemplate = z.output<typeof saveTemplateSchema>;
export const templateSchema = z.object({
  id: z.uuid(),
  name: z.string(),
  task: z.record(z.string(), jsonSchema).describe("Fields of a new task."),
  updatedAt: when,
});
export type Template = z.infer<typeof templateSchema>;
export const templateListSchema = z.object({ templates: z.array(templateSchema) });
