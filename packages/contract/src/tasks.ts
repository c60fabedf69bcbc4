import { z } from "zod";
import { askSchema } from "./asks.ts";
import { uploadedSchema } from "./artifacts.ts";
import { checkResultSchema, commitsSchema, deliverSchema, pullRequestSchema } from "./delivery.ts";
import { limitsSchema, MAX_KEEP_MS, MAX_PAGE, MAX_PROMPT_BYTES } from "./limits.ts";
import { askedNetworkSchema, networkSchema } from "./network.ts";
import { projectSchema, taskSecretsSchema } from "./secrets.ts";
import { reasonSchema, taskStateSchema, waitSchema } from "./states.ts";

const encoder = new TextEncoder();
const id = z.uuid();
const when = z.iso.datetime({ offset: true });
const label = z
  .string()
  .regex(/^[a-z0-9](?:[a-z0-9._-]{0,61}[a-z0-9])?$/, "lower-case letters, digits, . _ -, at most 63");

/** A name is one line for people: no control characters. */
const nameSchema = z
  .string()
  .trim()
  .min(1)
  .max(200)
  .regex(/^[^\p{Cc}\p{Cf}]*$/u, "no control characters");

export const promptSchema = z
  .string()
  .refine((value) => value.trim().length > 0, "is empty: say what the agent should do")
  .refine(
    (value) => encoder.encode(value).length <= MAX_PROMPT_BYTES,
    "is over 1 MiB: put long input in a file of the repository",
  );

const gitUrlSchema = z
  .url({ protocol: /^https?$/, error: "must be an http(s) git URL, such as https://github.com/owner/name" })
  .max(2000)
  .refine((value) => !/^https?:\/\/[^/]*@/.test(value), "must not contain a user or password");

const branchSchema = z
  .string()
  .max(250)
  .regex(/^(?!-)(?!.*\.\.)(?!.*[\x00-\x20~^:?*[\\\x7f])(?!.*\/$)(?!\/).+$/, "is not a valid branch name");

export const repositorySchema = z.strictObject({
  url: gitUrlSchema,
  branch: branchSchema.optional(),
  pushBranch: branchSchema
    .optional()
    .describe(
      "A branch the agent may push beside its own `agency/<task>/…`. Existing commits can be replaced in it. Nothing is pushed when `deliver` is none or files.",
    ),
});
export type Repository = z.infer<typeof repositorySchema>;

/**
 * One pattern a line of shell is judged by: the words of a simple command, `*` for anything. `git push *`,
 * `npm *`, `rm -rf *`.
 */
const commandPatternSchema = z.string().trim().min(1).max(500);
export const commandPolicySchema = z.strictObject({
  allow: z.array(commandPatternSchema).max(200).default([]).describe("Not empty: only these commands."),
  deny: z.array(commandPatternSchema).max(200).default([]).describe("Never these, whatever `allow` says."),
});
export type CommandPolicy = z.output<typeof commandPolicySchema>;

export const approveSchema = z
  .enum(["none", "commands", "all"])
  .describe(
    "Which tool calls wait for a person: none, shell commands, or every one that is not just reading.",
  );
export type Approve = z.infer<typeof approveSchema>;

const envSchema = z
  .record(
    z.string().regex(/^[A-Za-z_][A-Za-z0-9_]{0,127}$/, "is not a variable name"),
    z.string().max(32_768),
  )
  .refine((env) => Object.keys(env).length <= 100, "has more than 100 variables");

/** In milliseconds; `longest`: as long as this installation allows. */
const keptMsSchema = z
  .number()
  .int()
  .min(1000, "must be at least 1 second")
  .max(MAX_KEEP_MS, "must be at most 7 days");
export const keepSchema = z.union([keptMsSchema, z.literal("longest")]);

export const createTaskSchema = z.strictObject({
  prompt: promptSchema,
  engine: z.string().min(1).max(64).default("claude"),
  model: z.string().min(1).max(128).optional(),
  provider: z.string().min(1).max(64).default("local"),
  repository: repositorySchema.optional(),
  limits: limitsSchema.partial().default({}),
  repositories: z
    .array(gitUrlSchema)
    .max(50)
    .optional()
    .describe("Further repositories that may be read with the credential of their host."),
  network: askedNetworkSchema
    .optional()
    .describe(
      "Not set: as the task resumed from, else the default of the account, which is internet unless changed.",
    ),
  allowInternalNetwork: z
    .boolean()
    .default(false)
    .describe("Opens private networks to this task. Never this machine, never metadata services. Audited."),
  approve: approveSchema.optional(),
  commandPolicy: commandPolicySchema.optional(),
  questions: z.boolean().optional().describe("May the agent stop and ask a person? Not set: yes."),
  onBudget: z
    .enum(["wait", "stop"])
    .default("wait")
    .describe("At the budget: keep everything and wait for more, or fail."),
  onUsageLimit: z
    .enum(["next", "wait", "stop"])
    .default("next")
    .describe(
      "When a model credential is used up: take the next one and wait when there is none, wait, or fail.",
    ),
  deliver: deliverSchema
    .optional()
    .describe("What is handed back. Not set: a branch for a task with a repository, else files."),
  commits: commitsSchema
    .optional()
    .describe("One commit for the whole work, or the agent's own. Not set: squash."),
  pullRequest: z
    .number()
    .int()
    .positive()
    .optional()
    .describe(
      "Work on the branch of this pull request of the repository. When the task completes, the branch is moved forward to the work, by the server.",
    ),
  checks: z
    .array(z.string().min(1).max(4096))
    .max(20)
    .optional()
    .describe("Run in a clean checkout of the final commit: they decide whether the task completed."),
  artifacts: z
    .array(z.string().min(1).max(500))
    .max(50)
    .optional()
    .describe("Files to keep by themselves, as patterns such as dist/**."),
  resume: z
    .strictObject({
      taskId: id,
      checkpoint: z.number().int().positive().optional().describe("Not set: the newest."),
      fork: z.boolean().default(false).describe("A session of its own: the first one stays as it is."),
    })
    .optional()
    .describe(
      "Go on from another task's files and memory. It becomes the parent unless another one is named, and its project, model, repository (with deliver and pullRequest), repositories, limits, checks, network, approve, commandPolicy, questions, commits, artifacts and env are taken over unless given. Its secrets are not: send them again.",
    ),
  upload: uploadedSchema
    .optional()
    .describe("Go on from files and memory that were uploaded, such as those of a folder on a laptop."),
  review: z
    .strictObject({
      pullRequest: z.number().int().positive(),
      post: z.boolean().default(true).describe("Post it to the pull request when the task has ended."),
    })
    .optional()
    .describe(
      "Review a pull request of the repository; `prompt` says what is wanted of it. Nothing is pushed: what the agent leaves in .agency/review.json is kept, and posted as one review.",
    ),
  keep: keepSchema
    .optional()
    .describe("How long the sandbox stays when the task is over, for people to look into, in milliseconds."),
  project: projectSchema.optional().describe("Whose secrets are used before the account's."),
  secrets: taskSecretsSchema.default({}),
  env: envSchema
    .optional()
    .describe("Plain settings for the agent. Secrets do not belong here: the agent can read it."),
  command: z.string().min(1).max(32_768).optional().describe("The shell command of the `command` engine."),
  demo: z
    .boolean()
    .default(false)
    .describe("Answer model calls from the scripted model instead of a vendor."),
  name: nameSchema.optional(),
  labels: z
    .record(label, z.string().max(200))
    .refine((labels) => Object.keys(labels).length <= 32, "has more than 32 labels")
    .default({}),
  priority: z.number().int().min(-100).max(100).default(0).describe("Higher runs first."),
  notBefore: when.optional().describe("Do not start before this instant."),
  parentId: id.optional(),
});
export type CreateTaskInput = z.input<typeof createTaskSchema>;
export type CreateTask = z.output<typeof createTaskSchema>;

const usageSchema = z.object({
  input: z.number(),
  output: z.number(),
  cacheRead: z.number(),
  cacheWrite: z.number(),
  calls: z.number(),
});

const resultSchema = z.object({
  summary: z.string().describe("The agent's last words."),
  workspace: z.string().nullable().describe("Where the files are, on the machine that ran the task."),
  files: z.number().nullable(),
  added: z.number().nullable(),
  removed: z.number().nullable(),
  commit: z
    .string()
    .nullable()
    .describe("The final commit, as it was seen to be pushed; null when it was not."),
  commits: z.array(z.string()),
  branch: z.string().nullable().describe("The branch that was pushed."),
  pullRequest: pullRequestSchema.nullable(),
  undelivered: z
    .string()
    .nullable()
    .default(null)
    .describe(
      "Why the branch or the pull request that was asked for is not there, in a sentence. null: it is, or nothing had changed, or neither was asked for. The state does not tell: a task is completed by its checks.",
    ),
  review: z.string().nullable().optional().describe("Address of the review that was posted."),
  checks: z.array(checkResultSchema),
});
export type TaskResult = z.infer<typeof resultSchema>;

const expiredSchema = z
  .object({ events: when.optional(), artifacts: when.optional(), checkpoints: when.optional() })
  .describe("What is no longer kept, and since when. Not there while everything is.");

export const taskSchema = z.object({
  id,
  name: z.string(),
  state: taskStateSchema,
  reason: reasonSchema.nullable(),
  message: z.string().nullable().describe("The reason as a sentence, with the next step."),
  waits: z.array(waitSchema).describe("Everything the task waits for now."),
  asks: z.array(askSchema).describe("Open questions and approvals, oldest first."),
  cancelRequested: z.boolean(),
  prompt: z.string(),
  engine: z.string(),
  model: z.string().nullable(),
  provider: z.string(),
  repository: repositorySchema.nullable(),
  limits: limitsSchema,
  repositories: z.array(z.string()),
  network: networkSchema,
  allowInternalNetwork: z.boolean(),
  approve: approveSchema,
  onBudget: z.enum(["wait", "stop"]),
  onUsageLimit: z.enum(["next", "wait", "stop"]),
  project: z.string().nullable(),
  deliver: deliverSchema,
  checks: z.array(z.string()),
  commandPolicy: commandPolicySchema.optional(),
  questions: z.boolean().optional(),
  commits: commitsSchema.optional(),
  artifacts: z.array(z.string()).optional(),
  envNames: z.array(z.string()).optional().describe("Of its env. The values are never given out."),
  secretNames: z
    .array(z.string())
    .optional()
    .describe("Of the secrets it brought. The values are never given out, and gone when it has ended."),
  command: z.string().nullable().optional().describe("The shell command of the `command` engine."),
  pullRequest: z
    .number()
    .int()
    .nullable()
    .optional()
    .describe("Whose branch it works on, or what it reviews."),
  review: z.object({ post: z.boolean() }).nullable().optional().describe("It reviews that pull request."),
  resumedFrom: z.object({ taskId: id, checkpoint: z.number().int() }).nullable(),
  upload: z
    .object({ commit: z.string(), bytes: z.number().int(), sha256: z.string() })
    .nullable()
    .optional()
    .describe("What was uploaded for it to go on from; to be had as checkpoint 0."),
  keepMs: z.number().int().nullable().describe("How long its sandbox stays when it is over; null: not."),
  sandbox: z
    .object({ keptUntil: when.describe("Then it ends by itself.") })
    .nullable()
    .describe("The sandbox of a task that is over, while it is kept."),
  demo: z.boolean(),
  labels: z.record(z.string(), z.string()),
  priority: z.number(),
  parentId: id.nullable(),
  attempt: z
    .number()
    .int()
    .describe(
      "How many times it was begun: with a new sandbox, as long as no agent had started. 0 before the first.",
    ),
  lastSeq: z.number().int().describe("Number of the newest event."),
  costUsd: z.number().describe("Everything the task has cost so far: model calls and computing time."),
  usage: usageSchema,
  waitedMs: z.number().int().describe("Time spent waiting; the time limit leaves it out."),
  activity: z.string().nullable().describe("What the agent is doing now."),
  lastEventAt: when.nullable(),
  result: resultSchema.nullable(),
  expired: expiredSchema.optional(),
  notBefore: when.nullable(),
  createdAt: when,
  startedAt: when.nullable(),
  finishedAt: when.nullable(),
});
export type Task = z.infer<typeof taskSchema>;

/** What a list of tasks can be narrowed to. */
const taskFilters = {
  state: z
    .string()
    .transform((value) => value.split(","))
    .pipe(z.array(taskStateSchema))
    .optional()
    .describe("One or more states, comma separated."),
  engine: z.string().max(64).optional(),
  provider: z.string().max(64).optional(),
  repository: z.string().max(2000).optional().describe("Address of the repository, as it was given."),
  parentId: id.optional(),
  label: z
    .string()
    .regex(/^[^=]+=.*$/, "must look like key=value")
    .optional(),
  search: z.string().max(200).optional().describe("Part of the name or prompt."),
  createdAfter: when.optional(),
  createdBefore: when.optional(),
};
export const TASK_SORTS = ["newest", "oldest", "dearest"] as const;
const sort = z.enum(TASK_SORTS).optional().describe("newest, unless told otherwise.");

export const listTasksSchema = z.strictObject({
  ...taskFilters,
  sort,
  cursor: z.string().max(200).optional().describe("From a page of the same sort."),
  limit: z.coerce.number().int().min(1).max(MAX_PAGE).default(50),
});
export const filterTasksSchema = z.strictObject({ ...taskFilters, sort });
export type FilterTasks = z.output<typeof filterTasksSchema>;
export type ListTasks = z.output<typeof listTasksSchema>;
export const taskPageSchema = z.object({ tasks: z.array(taskSchema), nextCursor: z.string().nullable() });

export const sendMessageSchema = z.strictObject({
  text: promptSchema,
  mode: z
    .enum(["steer", "next_turn"])
    .default("steer")
    .describe("steer: the agent sees it while it works; next_turn: after the current turn."),
});
export type SendMessage = z.output<typeof sendMessageSchema>;

export const cancelTaskSchema = z.strictObject({
  discard: z
    .enum(["true", "false"])
    .default("false")
    .transform((value) => value === "true")
    .describe("At once, with everything that is not stored yet; the files of its sandbox are removed."),
});
export type CancelTask = z.output<typeof cancelTaskSchema>;

export const keepSandboxSchema = z.union([
  z.strictObject({ ms: keepSchema.describe("From now, or from its end while the task is not over.") }),
  z.strictObject({ addMs: keptMsSchema.describe("Longer than it is now.") }),
]);
export type KeepSandbox = z.output<typeof keepSandboxSchema>;
