import { z } from "zod";

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const MiB = 1024 * 1024;

export const MAX_PROMPT_BYTES = MiB;
/** 23 h 30: a job lease is renewed before the queue's own 24 h cap. Longer work is a chain of tasks. */
export const MAX_WALL_MS = 23.5 * HOUR;
/** A run that waits for a person, for money or for a reset keeps its sandbox; not for ever. */
export const MAX_WAIT_MS = 7 * 24 * HOUR;
/** A sandbox that is kept after its task is over; AGENCY_MAX_KEEP sets less. */
export const MAX_KEEP_MS = 7 * 24 * HOUR;
export const MAX_EVENT_BYTES = 64 * 1024;
export const EVENT_PREVIEW_BYTES = 8 * 1024;
export const MAX_PAGE = 100;
/** Names an agent may put before its own branches: `agency/<task>/…`. */
export const BRANCH_PREFIX = "agency";

export const DEFAULT_LIMITS = {
  wallMs: 4 * HOUR,
  silenceMs: 20 * MINUTE,
  turns: 500,
  costUsd: 10,
  outputBytes: 1024 * MiB,
  eventsPerSecond: 10_000,
} as const;

const money = z.number().positive().max(100_000);

export const limitsSchema = z.strictObject({
  wallMs: z
    .number()
    .int()
    .min(SECOND)
    .max(MAX_WALL_MS)
    .describe("Longest life of the run, in milliseconds. Time spent waiting does not count."),
  silenceMs: z
    .number()
    .int()
    .min(SECOND)
    .max(MAX_WALL_MS)
    .describe("Longest time without any event. A running command and an open model call are progress."),
  turns: z.number().int().min(1).max(100_000).describe("Most model turns."),
  costUsd: money.describe("Most money spent on this task, in US dollars."),
  treeCostUsd: money.optional().describe("Most money spent on this task and everything below it together."),
  outputBytes: z
    .number()
    .int()
    .min(MiB)
    .max(64 * 1024 * MiB)
    .describe("Most bytes of events the run may write."),
  eventsPerSecond: z
    .number()
    .int()
    .min(10)
    .max(100_000)
    .describe("More events than this a second are slowed down."),
});
export type Limits = z.infer<typeof limitsSchema>;

/** What a repository may ask for the tasks in it: each is taken where it is lower than the task's own. */
export const lowerLimitsSchema = limitsSchema
  .pick({ wallMs: true, silenceMs: true, turns: true, costUsd: true })
  .partial();
export type LowerLimits = z.infer<typeof lowerLimitsSchema>;

/** `set` first, then `add`: `{add: {wallMs: 3600000}}` gives an hour more, whatever the limit is by now. */
export const changeLimitsSchema = z
  .strictObject({
    set: limitsSchema.partial().default({}),
    add: z
      .strictObject({
        wallMs: z.number().int(),
        silenceMs: z.number().int(),
        turns: z.number().int(),
        costUsd: z.number(),
        treeCostUsd: z.number(),
      })
      .partial()
      .default({}),
  })
  .refine(
    ({ set, add }) => Object.keys(set).length + Object.keys(add).length > 0,
    "names no limit: give one to set or to add to",
  );
export type ChangeLimitsInput = z.input<typeof changeLimitsSchema>;
export type ChangeLimits = z.output<typeof changeLimitsSchema>;
