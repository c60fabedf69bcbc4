import { z } from "zod";
import { limitsSchema } from "./limits.ts";
import { approveSchema, commandPolicySchema, repositorySchema } from "./tasks.ts";
import { answerBodySchema, askBodySchema, askIdSchema } from "./asks.ts";
import { postCheckpointSchema, restoreSchema } from "./artifacts.ts";
import { checkResultSchema, commitsSchema, deliverSchema } from "./delivery.ts";
import { networkSchema } from "./network.ts";
import { waitReasonSchema } from "./states.ts";
import { jsonSchema } from "./json.ts";

/**
 * The runner protocol: plain HTTP over the uplink. Paths below are on the uplink's own listener,
 * never on the public API.
 */
export const UPLINK_PATHS = {
  hello: "/uplink/hello",
  events: "/uplink/events",
  commands: "/uplink/commands",
  ask: "/uplink/ask",
  /** PUT, with a blob's bytes as the body and its BlobHeader as JSON in BLOB_HEADER; answers `{id}`. */
  blobs: "/uplink/blobs",
  checkpoints: "/uplink/checkpoints",
  /** GET: the checkpoint the work order tells to restore. */
  restore: "/uplink/restore",
  /** POST: the work is over, only storing it takes time yet. */
  storing: "/uplink/storing",
  /** POST: the limits the repository asks for. Answers with those the task has then. */
  limits: "/uplink/limits",
  finished: "/uplink/finished",
  /** Upgraded to TERMINAL_PROTOCOL; the id follows. */
  terminals: "/uplink/terminals",
  model: "/model",
  git: "/git",
} as const;

/** The answer to a model call that may not be made yet: the forwarder keeps the request and tries again. */
export const HOLD_HEADER = "x-agency-hold";

export const BLOB_HEADER = "x-agency-blob";
/** The same checkpoint can be told of again: its number counts once per attempt. */
export const putCheckpointSchema = postCheckpointSchema;

/** What a provider hands to the runner at start. Short-lived and worthless after hello. */
export const bootstrapSchema = z.object({
  v: z.literal(1),
  taskId: z.uuid(),
  epoch: z.number().int().positive(),
  token: z.string(),
  /** Folder with one or more unix sockets; the runner uses any that answers. */
  doorDir: z.string(),
  deadlineAt: z.iso.datetime(),
  /** Folders of the sandbox: objects of the repository to borrow, and what package managers keep. */
  mirror: z.string().optional(),
  caches: z.string().optional(),
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
  /** Hosts and repositories git reaches through the broker, as `scheme://host`; the rest goes nowhere. */
  gitHosts: z.array(z.string()),
  demo: z.boolean(),
  title: z.string().describe("The task's name: what a commit is called when nothing better is known."),
  deliver: deliverSchema,
  commits: commitsSchema,
  /** Where the work is pushed; null: nowhere. */
  pushBranch: z.string().nullable(),
  /** A branch of other people that is to get the work, from outside: it must stand on what that has by then. */
  ontoBranch: z.string().nullable().default(null),
  checks: z.array(z.string()),
  artifacts: z.array(z.string()),
  restore: restoreSchema.nullable(),
  approve: approveSchema,
  commandPolicy: commandPolicySchema,
  questions: z.boolean(),
  onBudget: z.enum(["wait", "stop"]),
  prices: z
    .string()
    .optional()
    .describe("This installation's own prices as JSON: else the runner's count differs from the broker's."),
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
  /** The task waits: clocks stop. `pause` is true when the agent itself must stop, not only its model calls. */
  z.object({ ...commandBase, kind: z.literal("wait"), reason: waitReasonSchema, pause: z.boolean() }),
  z.object({ ...commandBase, kind: z.literal("proceed") }),
  /** Dial back for it: what is wanted comes over that connection. Comes to a sandbox that is kept, too. */
  z.object({ ...commandBase, kind: z.literal("terminal") }),
  z.object({ ...commandBase, kind: z.literal("checkpoint"), label: z.string().nullable() }),
  z.object({ ...commandBase, kind: z.literal("answer"), askId: z.string(), answer: answerBodySchema }),
]);
export type RunnerCommand = z.infer<typeof runnerCommandSchema>;
type WithoutId<T> = T extends unknown ? Omit<T, "id"> : never;
export type RunnerCommandBody = WithoutId<RunnerCommand>;

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

export const loweredLimitsSchema = z.object({ limits: limitsSchema });

/** Asked until answered with 2xx; the same id asks once. The answer comes as a command. */
export const postAskSchema = z.discriminatedUnion("kind", [
  askBodySchema,
  /** The engine gave up the call it asked about: nobody has to answer any more. */
  z.object({ kind: z.literal("withdrawn"), id: askIdSchema }),
]);
export type PostAsk = z.infer<typeof postAskSchema>;

export const outcomeSchema = z.object({
  state: z.enum(["completed", "failed", "cancelled"]),
  reason: z
    .enum([
      "timeout",
      "silence",
      "turns_exceeded",
      "budget_exceeded",
      "output_exceeded",
      "engine_error",
      "setup_failed",
      "checks_failed",
      "cancelled_by_user",
    ])
    .nullable(),
  summary: z.string(),
  files: z.number().int().nullable(),
  added: z.number().int().nullable(),
  removed: z.number().int().nullable(),
  commit: z.string().nullable(),
  commits: z.array(z.string()),
  /** What was pushed; null when nothing was. */
  branch: z.string().nullable(),
  /** Why the work is not in the branch it was to be pushed to; missing in what older runners said. */
  undelivered: z.string().nullable().optional(),
  checks: z.array(checkResultSchema),
});
export type Outcome = z.infer<typeof outcomeSchema>;

export const finishedSchema = z.object({ finalSeq: z.number().int().nonnegative(), outcome: outcomeSchema });
export type Finished = z.infer<typeof finishedSchema>;

/** `keepMs`: the runner stays for people to look around, and leaves when it has heard nothing for that long. */
export const finishedAnswerSchema = z.object({
  keepMs: z.number().int().positive().nullable().default(null),
});
