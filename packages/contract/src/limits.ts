import { z } from "zod";

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

export const MAX_PROMPT_BYTES = 1024 * 1024;
/** 23 h 30: a job lease is renewed before the queue's own 24 h cap. Longer work is a chain of tasks. */
export const MAX_WALL_MS = 23.5 * HOUR;
export const MAX_EVENT_BYTES = 64 * 1024;
export const EVENT_PREVIEW_BYTES = 8 * 1024;
export const MAX_PAGE = 100;

export const DEFAULT_LIMITS = {
  wallMs: 4 * HOUR,
  silenceMs: 20 * MINUTE,
  turns: 500,
  costUsd: 10,
} as const;

export const limitsSchema = z.strictObject({
  wallMs: z.number().int().min(SECOND).max(MAX_WALL_MS).describe("Longest life of the run, in milliseconds."),
  silenceMs: z.number().int().min(SECOND).max(MAX_WALL_MS).describe("Longest time without any event."),
  turns: z.number().int().min(1).max(100_000).describe("Most model turns."),
  costUsd: z.number().positive().max(100_000).describe("Most money spent on models, in US dollars."),
});
export type Limits = z.infer<typeof limitsSchema>;
