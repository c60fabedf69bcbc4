import { AgencyError } from "@agency/contract";
import type { Hello, WorkOrder } from "@agency/contract";
import { ENGINE_CATALOG } from "@agency/core";
import type { ArtifactStore, Credentials, SupervisedTask, TaskStore, Vendor } from "@agency/core";
import { restoreOf } from "../artifacts/restore.ts";
import { ontoBranchOf, pushBranchOf } from "../tasks/push-branch.ts";
import { fencedError, runnerAccess } from "./runner-access.ts";
import type { RunnerAccessDeps } from "./runner-access.ts";

export interface HelloDeps extends RunnerAccessDeps {
  tasks: TaskStore;
  artifacts: Pick<ArtifactStore, "checkpoint">;
  credentials: Pick<Credentials, "forModel">;
  /** What the operator set over the shipped prices, as it was written; null when nothing. */
  ownPrices: string | null;
  now: () => number;
}

/** Burns the boot token and hands out the work. Asking again with the same nonce gets the same answer: a reply can be lost. */
export async function hello(deps: HelloDeps, input: Hello): Promise<WorkOrder> {
  const access = await runnerAccess(deps, "boot", input.token);
  if (access.taskId !== input.taskId || access.epoch !== input.epoch) throw fencedError(input.epoch);
  const now = deps.now();
  if (!(await deps.attempts.burnBootToken(access.attemptId, input.nonce, now))) {
    throw new AgencyError("fenced", "This boot token was used before by another runner.");
  }
  const outcome = await deps.tasks.apply(access.taskId, { kind: "hello", epoch: access.epoch }, now);
  if (!outcome.ok && outcome.error.code !== "not_now") throw fencedError(access.epoch);
  const task = outcome.ok ? outcome.task : await deps.tasks.load(access.taskId);
  if (task === null) throw fencedError(access.epoch);
  return workOrder(deps, task, access.attemptId, now);
}

async function workOrder(
  deps: HelloDeps,
  task: SupervisedTask,
  attemptId: string,
  now: number,
): Promise<WorkOrder> {
  const { limits, network, repository, repositories, demo, env, command } = task.spec;
  const { approve, commandPolicy, questions, onBudget } = task.spec;
  const { deliver, commits, checks, artifacts } = task.spec;
  return {
    taskId: task.id,
    epoch: task.snapshot.epoch,
    attemptToken: deps.tokens.issue("uplink", attemptId),
    promptId: task.id,
    prompt: task.prompt,
    engine: task.engine,
    model: task.model,
    command,
    harness: "oneshot",
    sessionId: attemptId,
    limits,
    network,
    repository,
    gitHosts: gitHosts([...(repository === null ? [] : [repository.url]), ...repositories]),
    demo,
    title: task.name,
    deliver,
    commits,
    pushBranch: pushBranchOf(task),
    ontoBranch: ontoBranchOf(task),
    checks,
    artifacts,
    restore: await restoreOf(deps.artifacts, task),
    approve,
    commandPolicy,
    questions,
    onBudget,
    ...(deps.ownPrices === null ? {} : { prices: deps.ownPrices }),
    env,
    modelKeys: await modelKeys(deps, task, attemptId),
    serverTime: new Date(now).toISOString(),
  };
}

function gitHosts(urls: readonly string[]): string[] {
  const hosts = urls.map((url) => new URL(url)).map(({ protocol, host }) => `${protocol}//${host}`);
  return [...new Set(hosts)];
}

/** Placeholders only for what the broker could open: an engine that finds a key takes it for one that works. */
async function modelKeys(
  deps: HelloDeps,
  task: SupervisedTask,
  attemptId: string,
): Promise<Record<string, string>> {
  const engine = ENGINE_CATALOG.find(({ id }) => id === task.engine);
  const keys: Record<string, string> = {};
  for (const [i, vendor] of (engine?.vendors ?? []).entries()) {
    const needed = i === 0 && engine?.needsModel === true;
    if (needed || (await canCall(deps, task, vendor))) keys[vendor] = deps.tokens.issue(vendor, attemptId);
  }
  return keys;
}

async function canCall({ credentials }: HelloDeps, task: SupervisedTask, vendor: Vendor): Promise<boolean> {
  if (task.spec.demo) return true;
  const found = await credentials.forModel({ taskId: task.id, accountId: task.accountId }, vendor);
  return found.length > 0;
}
