import { z } from "zod";
import { taskSchema } from "./tasks.ts";

/** A task as a line of a list: everything but its long texts. */
export const taskSummarySchema = taskSchema
  .pick({
    id: true,
    name: true,
    state: true,
    reason: true,
    message: true,
    waits: true,
    asks: true,
    cancelRequested: true,
    engine: true,
    model: true,
    provider: true,
    repository: true,
    limits: true,
    labels: true,
    priority: true,
    parentId: true,
    demo: true,
    attempt: true,
    lastSeq: true,
    costUsd: true,
    waitedMs: true,
    activity: true,
    lastEventAt: true,
    notBefore: true,
    createdAt: true,
    startedAt: true,
    finishedAt: true,
  })
  .extend({
    prompt: z.string().describe("Its first 280 characters."),
    progress: z
      .object({ passed: z.number().int(), total: z.number().int() })
      .nullable()
      .describe("Of its feature list; null without one."),
    changes: z
      .object({ files: z.number(), added: z.number(), removed: z.number() })
      .nullable()
      .describe("What it changed in all; null as long as it is not over."),
    pullRequest: z.string().nullable().describe("Address of the pull request it opened."),
  });
export type TaskSummary = z.infer<typeof taskSummarySchema>;

const stateCounts = z.record(z.string(), z.number().int()).describe("Tasks by state; 0 is left out.");
export const feedTotalsSchema = z.object({ counts: stateCounts, spentTodayUsd: z.number() });
export type FeedTotals = z.infer<typeof feedTotalsSchema>;

/** Frames of `GET /v1/feed`: the SSE event is the `type`, its id the place to go on from. */
export const feedUpdateSchema = z.discriminatedUnion("type", [
  z
    .object({
      type: z.literal("snapshot"),
      tasks: z.array(taskSummarySchema),
      truncated: z.boolean().describe("More tasks are alive than one snapshot holds."),
      totals: feedTotalsSchema,
    })
    .describe("Replaces everything known: every task that is not over, and the last ones that are."),
  z
    .object({
      type: z.literal("change"),
      tasks: z.array(taskSummarySchema).describe("As they are by now."),
      removed: z.array(z.uuid()).describe("Deleted."),
      totals: feedTotalsSchema,
    })
    .describe("What changed since the frame before."),
]);
export type FeedUpdate = z.infer<typeof feedUpdateSchema>;
export const FEED_RECENT = 50;
export const FEED_MAX_LIVE = 500;
