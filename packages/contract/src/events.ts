import { z } from "zod";
import { reasonSchema, taskStateSchema } from "./states.ts";
import { answerBodySchema, askBodySchema } from "./asks.ts";
import { limitsSchema } from "./limits.ts";
import { jsonSchema } from "./json.ts";

/** Who may write an event of a type: the runner inside the sandbox, or only the control plane outside. */
const ms = z.number().int().nonnegative();
const text = z.string();
const count = z.number().int().nonnegative();
const usd = z.number().nonnegative();
const parentToolId = z
  .string()
  .optional()
  .describe("Set when a sub-agent did this: the tool call that started it.");

export const ERROR_CLASSES = [
  "auth",
  "billing",
  "rate_limit",
  "overloaded",
  "context_too_long",
  "bad_request",
  "network",
  "timeout",
  "refusal",
  "engine_crash",
  "engine_protocol",
  "config",
  "resume_not_found",
  "disk_full",
  "limit",
  "unknown",
] as const;
export const errorClassSchema = z.enum(ERROR_CLASSES);
export type ErrorClass = z.infer<typeof errorClassSchema>;

export const toolKindSchema = z.enum([
  "read",
  "edit",
  "delete",
  "execute",
  "search",
  "fetch",
  "agent",
  "mcp",
  "other",
]);
export type ToolKind = z.infer<typeof toolKindSchema>;

const event = <T extends string, S extends z.ZodRawShape>(type: T, shape: S) =>
  z.object({ type: z.literal(type), data: z.object(shape) });

const feature = z.object({
  id: z.string(),
  title: z.string(),
  category: z.string().optional(),
  status: z.enum(["open", "active", "passed", "failed"]).default("open"),
});

/** What the agent does, as the runner saw it. */
const workEvents = [
  event("phase", {
    name: z.string(),
    status: z.enum(["started", "completed", "failed"]),
    message: text.optional(),
    durationMs: ms.optional(),
  }),
  event("activity", {
    state: z.enum([
      "requesting",
      "thinking",
      "responding",
      "tool",
      "retrying",
      "compacting",
      "background",
      "waiting_user",
      "idle",
    ]),
    note: text.optional(),
  }),
  event("session", {
    engine: z.string(),
    engineVersion: z.string(),
    sessionId: z.string(),
    model: z.string(),
    resumed: z.boolean(),
    tools: z.array(z.string()).optional(),
    mcp: z.array(z.object({ name: z.string(), ok: z.boolean() })).optional(),
  }),
  event("thinking", { messageId: z.string(), text, parentToolId }),
  event("text", { messageId: z.string(), text, parentToolId, synthetic: z.boolean().optional() }),
  event("text_delta", { messageId: z.string(), text }),
  event("tool_start", {
    id: z.string(),
    name: z.string(),
    kind: toolKindSchema,
    title: text.optional(),
    input: jsonSchema,
    parentToolId,
  }),
  event("tool_end", {
    id: z.string(),
    status: z.enum(["ok", "error", "denied", "aborted"]),
    output: text,
    outputBytes: count,
    truncated: z.boolean(),
    exitCode: z.number().int().optional(),
    durationMs: ms.optional(),
  }),
  event("file_change", {
    path: text,
    op: z.enum(["create", "modify", "delete", "rename"]),
    diff: text.optional(),
    added: count.optional(),
    removed: count.optional(),
    toolId: z.string().optional(),
    source: z.enum(["engine", "workspace_diff"]),
  }),
  event("command", {
    command: text,
    exitCode: z.number().int().nullable(),
    durationMs: ms.optional(),
    toolId: z.string().optional(),
  }),
  event("test_run", {
    command: text.optional(),
    passed: count,
    failed: count,
    skipped: count.default(0),
    durationMs: ms.optional(),
    toolId: z.string().optional(),
  }),
  event("feature_list", { features: z.array(feature).max(1000) }),
  event("feature_start", { id: z.string() }),
  event("feature_progress", {
    id: z.string(),
    message: text.optional(),
    fraction: z.number().min(0).max(1).optional(),
  }),
  event("feature_end", { id: z.string(), status: z.enum(["passed", "failed"]), message: text.optional() }),
  event("progress", {
    done: count,
    total: count,
    elapsedMs: ms.optional(),
    remainingMs: ms.optional().describe("Estimate of the time left."),
    message: text.optional(),
  }),
  event("error", {
    class: errorClassSchema,
    severity: z.enum(["warning", "error", "fatal"]),
    message: text,
    retryable: z.boolean(),
    recovery: text.optional().describe("What is being done about it, or what a person can do."),
  }),
  event("retry", {
    attempt: count,
    max: count,
    delayMs: ms,
    httpStatus: z.number().int().optional(),
    class: errorClassSchema,
  }),
  event("subtask", {
    id: z.string(),
    status: z.enum(["started", "completed", "failed", "stopped"]),
    what: z.enum(["bash", "agent", "other"]),
    summary: text.optional(),
  }),
  event("turn_end", {
    inputIds: z.array(z.string()),
    stop: z.enum(["completed", "interrupted", "max_turns", "budget", "refusal", "error"]),
    text,
    turns: count.optional(),
    engineCostUsd: usd.optional().describe("What the engine says the session cost so far. Information only."),
  }),
  event("checkpoint", {
    id: z.string(),
    number: z.number().int().positive().optional(),
    label: text.optional(),
    bytes: count.optional(),
    durationMs: ms.optional(),
  }),
  event("restored", {
    taskId: z.string(),
    checkpoint: count.describe("0: what was uploaded for this task."),
    files: count.describe("Files that differ from the repository's."),
    session: z.enum(["restored", "none", "lost"]),
    message: text.optional().describe("What did not come back, and why."),
  }),
  event("check", {
    command: text,
    passed: z.boolean(),
    exitCode: z.number().int().nullable(),
    durationMs: ms,
    output: text.describe("The end of what it printed."),
    commit: z.string().optional().describe("What was checked."),
  }),
  event("artifact", { name: text, path: text.optional(), bytes: count, mediaType: z.string().optional() }),
  event("delivery", {
    kind: z.enum(["workspace", "branch", "pull_request", "files", "review"]),
    location: text,
    files: count.optional(),
    added: count.optional(),
    removed: count.optional(),
    commits: z.array(z.string()).optional(),
  }),
  event("notice", { level: z.enum(["info", "warn"]), text }),
  event("log", { stream: z.enum(["stdout", "stderr", "runner"]), text, truncated: z.boolean().optional() }),
] as const;

/** What only the control plane says. A runner that sends one of these is refused that event. */
const controlEvents = [
  event("status", {
    state: taskStateSchema,
    reason: reasonSchema.optional(),
    message: text.optional(),
    until: z.iso.datetime().optional().describe("When a task that waits goes on by itself."),
  }),
  event("message", { id: z.string(), text, mode: z.enum(["steer", "next_turn"]) }),
  event("usage", {
    key: z.string().describe("Unique for one model response; the same key never counts twice."),
    model: z.string(),
    input: count,
    output: count,
    cacheRead: count,
    cacheWrite: count,
    costUsd: usd,
    totalCostUsd: usd.describe("Cost of the task so far, this response included."),
  }),
  event("compute", {
    seconds: z.number().nonnegative(),
    costUsd: usd,
    totalCostUsd: usd.describe("Cost of the task so far, this time included."),
  }),
  event("ask", { ask: askBodySchema }),
  event("answer", { askId: z.string(), answer: answerBodySchema, by: z.string() }),
  event("limits", { limits: limitsSchema, by: z.string() }),
  event("credential", {
    vendor: z.string(),
    credential: z.string().describe("Its name, never its value."),
    limitedUntil: z.iso.datetime().nullable().describe("Null when the vendor refused it."),
    next: z.string().nullable().describe("The one used from now on; null when there is none."),
  }),
  event("git", {
    host: text,
    repository: text,
    action: z.enum(["fetch", "push", "lfs"]),
    refs: z.array(text).optional().describe("What was pushed, or would have been."),
    updates: z
      .array(
        z.object({
          ref: text,
          old: text,
          new: text,
          ok: z.boolean().nullable().describe("As the host reported it; null when it has not."),
        }),
      )
      .optional()
      .describe("What became of each ref that was pushed; not there when it is not known of all of them."),
    verdict: z.enum(["allowed", "denied", "failed"]),
    reason: text.optional(),
    bytesIn: count,
    bytesOut: count,
  }),
  event("network", {
    host: text,
    port: z.number().int(),
    via: z.enum(["connect", "http", "socks5"]),
    verdict: z.enum(["allowed", "denied", "failed"]),
    reason: text.optional(),
    address: z.string().optional().describe("What was dialled."),
    bytesIn: count,
    bytesOut: count,
    durationMs: ms,
    count: z.number().int().positive().describe("Connections alike that this event stands for."),
  }),
] as const;

export const runnerEventBodySchema = z.discriminatedUnion("type", [...workEvents]);
export const eventBodySchema = z.discriminatedUnion("type", [...workEvents, ...controlEvents]);
export type RunnerEventBody = z.infer<typeof runnerEventBodySchema>;
export type EventBody = z.infer<typeof eventBodySchema>;
export type EventType = EventBody["type"];
export type EventOf<T extends EventType> = Extract<EventBody, { type: T }>;

/** Facts about how an event was kept, beside what it says. */
const keptSchema = z.object({
  sanitized: z.boolean().optional().describe("Text that cannot be stored was replaced."),
  blob: z
    .object({ key: z.string(), bytes: count })
    .optional()
    .describe("The whole event, when it was too large to keep inline; `data` holds a preview."),
});

/** One numbered entry of a task's log. */
export const taskEventSchema = z
  .object({ seq: z.number().int().positive(), at: z.iso.datetime(), epoch: count })
  .and(keptSchema)
  .and(eventBodySchema);
export type TaskEvent = z.infer<typeof taskEventSchema>;
export const EVENT_TYPES = eventBodySchema.options.map((option) => option.shape.type.value);

/** One page of a log, oldest first. Events before `firstSeq` are no longer kept. */
export const eventPageSchema = z.object({
  events: z.array(taskEventSchema),
  firstSeq: count,
  lastSeq: count,
  expiredAt: z.iso.datetime().optional().describe("Since when the events are no longer kept."),
  nextAfter: count
    .nullable()
    .describe("Pass it as `after` for the next page; null at the end of what there is."),
});
export type EventPage = z.infer<typeof eventPageSchema>;
