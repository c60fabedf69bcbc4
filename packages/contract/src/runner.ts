import { z } from "zod";
import { limitsSchema } from "./limits.ts";
import { networkSchema, repositorySchema } from "./tasks.ts";
import { jsonSchema } from "./json.ts";

/**
 * The runner protocol: plain HTTP over the uplink. Paths below are on the uplink's own listener,
 * never on the public API.
 */
export const UPLINK_PATHS = {
  hello: "/uplink/hello",
  events: "/uplink/events",
  commands: "/uplink/commands",
  finished: "/uplink/finished",
  model: "/model",
  git: "/git",
} as const;

/** What a provider hands to the runner at start. Short-lived and worthless after hello. */
export const bootstrapSchema = z.object({
  v: z.literal(1),
  taskId: z.uuid(),
  epoch: z.number().int().positive(),
  token: z.string(),
  /** Folder with one or more unix sockets; the runner uses any that answers. */
  doorDir: z.string(),
  deadlineAt: z.iso.datetime(),
});
export type Bootstrap = z.infer<typeof bootstrapSchema>;

export const helloSchema = z.object({
  taskId: z.uuid(),
  epoch: z.number().int().positive(),
  token: z.string(),
  runnerVersion: z.string(),
  pid: z.number().int(),
  nonce: z
    .string()
    .min(8)
    .max(64)
    .describe("Random for this process: its repeated hello is answered again, another runner's is refused."),
});
export type Hello = z.infer<typeof helloSchema>;

export const workOrderSchema = z.object({
  taskId: z.uuid(),
  epoch: z.number().int().positive(),
  attemptToken: z.string().describe("Authorises every further request of this attempt."),
  promptId: z.string(),
  prompt: z.string(),
  engine: z.string(),
  model: z.string().nullable(),
  command: z.string().nullable(),
  harness: z.literal("oneshot"),
  sessionId: z.uuid().describe("Preset id of the engine's session, known before the engine starts."),
  limits: limitsSchema,
  network: networkSchema,
  repository: repositorySchema.nullable(),
  env: z.record(z.string(), z.string()),
  modelKeys: z.record(z.string(), z.string()).describe("Vendor → placeholder. The real key never comes in."),
  serverTime: z.iso.datetime(),
});
export type WorkOrder = z.infer<typeof workOrderSchema>;

/** Events are parsed one by one at ingest, so that one bad event never fails its batch. */
export const eventBatchSchema = z.object({
  from: z.number().int().positive().describe("Runner number of the first event."),
  events: z.array(z.object({ at: z.iso.datetime(), type: z.string().max(64), data: jsonSchema })).max(1000),
});
export type EventBatch = z.infer<typeof eventBatchSchema>;
export const eventAckSchema = z.object({
  ack: z.number().int().describe("Everything up to this number is stored."),
});

const commandBase = { id: z.string() };
export const runnerCommandSchema = z.discriminatedUnion("kind", [
  z.object({
    ...commandBase,
    kind: z.literal("say"),
    text: z.string(),
    mode: z.enum(["steer", "next_turn"]),
  }),
  z.object({ ...commandBase, kind: z.literal("interrupt") }),
  z.object({ ...commandBase, kind: z.literal("cancel") }),
  z.object({ ...commandBase, kind: z.literal("limits"), limits: limitsSchema }),
]);
export type RunnerCommand = z.infer<typeof runnerCommandSchema>;

/**
 * The command stream is newline-delimited JSON: commands and, every few seconds, `{"kind":"ping"}`;
 * `{"kind":"fenced"}` is the last word to an attempt that is over. The runner acknowledges by asking again with `after` = the last id it carried out.
 */
export const commandFrameSchema = z.union([
  runnerCommandSchema,
  z.object({ kind: z.literal("ping") }),
  z.object({ kind: z.literal("fenced") }),
]);
export type CommandFrame = z.infer<typeof commandFrameSchema>;

export const outcomeSchema = z.object({
  state: z.enum(["completed", "failed", "cancelled"]),
  reason: z
    .enum([
      "timeout",
      "silence",
      "turns_exceeded",
      "budget_exceeded",
      "engine_error",
      "setup_failed",
      "cancelled_by_user",
    ])
    .nullable(),
  summary: z.string(),
  files: z.number().int().nullable(),
  added: z.number().int().nullable(),
  removed: z.number().int().nullable(),
});
export type Outcome = z.infer<typeof outcomeSchema>;

export const finishedSchema = z.object({ finalSeq: z.number().int().nonnegative(), outcome: outcomeSchema });
export type Finished = z.infer<typeof finishedSchema>;
