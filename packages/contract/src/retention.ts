import { z } from "zod";

const MINUTE_MS = 60_000;
const CENTURY_MS = 100 * 365 * 86_400_000;
const kept = z.number().int().nullable();
const keep = z
  .number()
  .int()
  .min(MINUTE_MS, "must be at least 1 minute")
  .max(CENTURY_MS, "must be at most 100 years, or null for ever")
  .nullable();

/** How long after the end of a task its parts are kept; null is as long as the task. */
export const retentionSchema = z.object({
  eventsMs: kept,
  artifactsMs: kept,
  checkpointsMs: kept.describe("The newest checkpoint, and those with a label, stay as long as the task."),
});
export type Retention = z.infer<typeof retentionSchema>;

export const setRetentionSchema = z
  .strictObject({ eventsMs: keep, artifactsMs: keep, checkpointsMs: keep })
  .partial()
  .refine(
    (times) => Object.keys(times).length > 0,
    "names nothing: give eventsMs, artifactsMs or checkpointsMs",
  );
export type SetRetention = z.output<typeof setRetentionSchema>;
