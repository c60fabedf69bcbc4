import { AgencyError, DEFAULT_LIMITS, networkText } from "@agency/contract";
import type { CreateTask, Task } from "@agency/contract";
import type { AuditRow, CreateOutcome, NetworkStore, NewTask, TaskSpec, TaskStore } from "@agency/core";
import { chooseNetwork } from "../network/choose-network.ts";
import { chooseDelivery } from "./choose-delivery.ts";
import type { FindPullRequest } from "./choose-delivery.ts";
import { chooseReview } from "./choose-review.ts";
import { resumeFrom } from "./resume-from.ts";
import type { ResumeDeps } from "./resume-from.ts";
import { uuidv7 } from "../ids.ts";
import { checkRoomToKeep, keepMsOf } from "../work/keep-sandbox.ts";
import type { KeepBounds } from "../work/keep-sandbox.ts";
import { checkRequest } from "./check-request.ts";
import type { RequestChecks } from "./check-request.ts";
import { idempotencyOf } from "./fingerprint.ts";
import { settleRequest } from "./settle-request.ts";
import type { SettledTask } from "./settle-request.ts";
import { uploadFrom } from "./upload-from.ts";
import type { UploadFromDeps } from "./upload-from.ts";

export interface CreateTaskDeps extends RequestChecks, ResumeDeps, UploadFromDeps {
  tasks: TaskStore;
  networks: Pick<NetworkStore, "read">;
  /** Not given: there are no pull requests here. */
  findPullRequest?: FindPullRequest;
  /** Checks and seals the secrets that came with a task, for that task alone. */
  sealSecrets: (
    task: { accountId: string; taskId: string },
    secrets: CreateTask["secrets"],
  ) => NewTask["secrets"];
  keepBounds: KeepBounds;
  now: () => number;
}

export interface CreateTaskRequest {
  accountId: string;
  /** The API key that asks, or `server`: for the audit log. */
  actor: string;
  input: CreateTask;
  idempotencyKey?: string;
}

export async function createTask(deps: CreateTaskDeps, request: CreateTaskRequest): Promise<Task> {
  const { accountId, idempotencyKey } = request;
  // Of what was sent: what was filled in changes while the other task goes on.
  const idempotency =
    idempotencyKey === undefined ? null : idempotencyOf(accountId, idempotencyKey, request.input);
  // Before everything that can have changed since its first time, the task it made then among it.
  const earlier = idempotency === null ? null : await deps.tasks.replay(accountId, idempotency);
  if (earlier !== null) return created(earlier, request.input);
  const resumed = await resumeFrom(deps, accountId, request.input);
  const { resume } = resumed;
  const network = await chooseNetwork(deps.networks, accountId, resumed.input.network);
  const input = settleRequest(resumed.input, network);
  await checkRequest(deps, accountId, input);
  const keepMs = keepMsOf(input.keep, deps.keepBounds);
  if (keepMs !== null) await checkRoomToKeep(deps.tasks, accountId, deps.keepBounds);
  const asked = await uploadFrom(deps, accountId, input);
  const upload = resumed.upload ?? asked;
  const task = newTask(deps, request, input, { resume, upload, keepMs });
  // Its own secrets are not stored yet, but the pull request may need them.
  const caller = { accountId, project: input.project ?? null, secrets: input.secrets };
  const chosen =
    task.spec.review === null
      ? { ...task, spec: await chooseDelivery(deps.findPullRequest, caller, task.spec) }
      : await chooseReview(deps.findPullRequest, caller, task);
  return created(await deps.tasks.create(chosen, idempotency), input);
}

function created(outcome: CreateOutcome, input: Pick<CreateTask, "parentId" | "upload">): Task {
  switch (outcome.kind) {
    case "created":
    case "replayed":
      return outcome.task;
    case "mismatch":
      throw new AgencyError(
        "idempotency_mismatch",
        "This Idempotency-Key was used before with another request.",
        { next: "Use a new key for a new task." },
      );
    case "no_parent":
      throw new AgencyError("not_found", `There is no task ${input.parentId ?? ""} to be the parent.`);
    case "no_checkpoint":
      throw new AgencyError("conflict", "The checkpoint to go on from was dropped just now.", {
        next: "Choose another one of the task, or ask again for its newest.",
      });
    case "no_upload":
      throw new AgencyError("not_found", `There is no unused upload ${input.upload?.id ?? ""}.`, {
        next: "Send it again: each is good for one task, and for a day.",
      });
  }
}

function internalNetworkRow(
  { accountId, actor }: CreateTaskRequest,
  input: SettledTask,
  target: string,
  at: number,
): AuditRow {
  return {
    id: uuidv7(at),
    at,
    accountId,
    actor,
    action: "task.internal_network",
    target,
    detail: { network: networkText(input.network), engine: input.engine },
  };
}

function newTask(
  deps: CreateTaskDeps,
  request: CreateTaskRequest,
  input: SettledTask,
  from: Pick<TaskSpec, "resume" | "upload" | "keepMs">,
): NewTask {
  const { accountId } = request;
  const now = deps.now();
  const id = uuidv7(now);
  const notBefore = input.notBefore === undefined ? null : Date.parse(input.notBefore);
  const { engine, prompt, provider, labels, priority } = input;
  return {
    id,
    accountId,
    name: input.name ?? nameOf(input),
    prompt,
    engine,
    model: input.model ?? null,
    provider,
    spec: specOf(input, from),
    labels,
    priority,
    notBefore: notBefore !== null && notBefore > now ? notBefore : null,
    parentId: input.parentId ?? null,
    hidden: false,
    secrets: deps.sealSecrets({ accountId, taskId: id }, input.secrets),
    audit: input.allowInternalNetwork ? internalNetworkRow(request, input, id, now) : null,
  };
}

function specOf(
  input: SettledTask,
  { resume, upload, keepMs }: Pick<TaskSpec, "resume" | "upload" | "keepMs">,
): TaskSpec {
  const { network, allowInternalNetwork, repositories, approve, commandPolicy, questions } = input;
  const { onBudget, onUsageLimit, commits, checks, artifacts, env, demo } = input;
  return {
    limits: { ...DEFAULT_LIMITS, ...definedOnly(input.limits) },
    network,
    allowInternalNetwork,
    repository: input.repository ?? null,
    repositories,
    approve,
    commandPolicy,
    questions,
    onBudget,
    onUsageLimit,
    project: input.project ?? null,
    deliver: input.deliver ?? (input.repository === undefined ? "files" : "branch"),
    commits,
    pullRequest: input.review?.pullRequest ?? input.pullRequest ?? null,
    checks,
    artifacts,
    resume,
    keepMs,
    upload,
    review: input.review === undefined ? null : { post: input.review.post },
    env,
    secretNames: Object.keys(input.secrets).toSorted(),
    command: input.command ?? null,
    demo,
  };
}

export function definedOnly<T extends object>(value: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(value).filter(([, v]) => v !== undefined)) as never;
}

function nameOf({ prompt, review }: CreateTask): string {
  return nameFrom(review === undefined ? prompt : `Review #${review.pullRequest}: ${prompt}`);
}

/** The first line of the prompt, short enough for a table. */
export function nameFrom(prompt: string): string {
  const line =
    prompt
      .trim()
      .split("\n", 1)[0]
      ?.replaceAll(/[\p{Cc}\p{Cf}]/gu, " ")
      .trim() ?? "";
  const characters = Array.from(line);
  if (characters.length === 0) return "untitled";
  return characters.length <= 60 ? line : `${characters.slice(0, 59).join("").trimEnd()}…`;
}
