import { AgencyError } from "@agency/contract";
import type { Hello, WorkOrder } from "@agency/contract";
import { ENGINE_CATALOG } from "@agency/core";
import type { SupervisedTask, TaskStore } from "@agency/core";
import { fencedError, runnerAccess } from "./runner-access.ts";
import type { RunnerAccessDeps } from "./runner-access.ts";

export interface HelloDeps extends RunnerAccessDeps {
  tasks: TaskStore;
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

function workOrder(deps: HelloDeps, task: SupervisedTask, attemptId: string, now: number): WorkOrder {
  const vendor = ENGINE_CATALOG.find((engine) => engine.id === task.engine)?.vendor ?? null;
  return {
    taskId: task.id,
    epoch: task.snapshot.epoch,
    attemptToken: deps.tokens.issue("uplink", attemptId),
    promptId: task.id,
    prompt: task.prompt,
    engine: task.engine,
    model: task.model,
    command: task.spec.command,
    harness: "oneshot",
    sessionId: attemptId,
    limits: task.spec.limits,
    network: task.spec.network,
    repository: task.spec.repository,
    env: task.spec.env,
    modelKeys: vendor === null ? {} : { [vendor]: deps.tokens.issue("model", attemptId) },
    serverTime: new Date(now).toISOString(),
  };
}
