import { priceCall } from "@agency/core";
import type { CostStore, Metrics, ModelCall, ModelCaller, ModelGate, TaskStore } from "@agency/core";
import type { RunnerAccessDeps } from "./runner-access.ts";
import { uuidv7 } from "../ids.ts";

export interface GateDeps extends RunnerAccessDeps {
  tasks: TaskStore;
  costs: CostStore;
  metrics: Metrics;
  now: () => number;
}

/** What the model broker asks before and after each call: who is it, may it, what did it cost. */
export function createModelGate(deps: GateDeps): ModelGate {
  return {
    async authorize(placeholder) {
      const attemptId = deps.tokens.check("model", placeholder);
      const access = attemptId === null ? null : await deps.attempts.find(attemptId);
      if (access === null) return { refused: "unknown" };
      if (!access.live || !access.started || access.epoch !== access.taskEpoch) return { refused: "fenced" };
      return { taskId: access.taskId, accountId: access.accountId, epoch: access.epoch, demo: access.demo };
    },
    admit: (caller) => admit(deps, caller),
    record: (caller, call) => record(deps, caller, call),
  };
}

async function admit(deps: GateDeps, caller: ModelCaller): ReturnType<ModelGate["admit"]> {
  const task = await deps.tasks.load(caller.taskId);
  if (task === null)
    return { ok: false, status: 403, type: "permission_error", message: "This task is gone." };
  const budget = task.spec.limits.costUsd;
  if (task.costUsd < budget) return { ok: true };
  await deps.tasks.apply(
    caller.taskId,
    {
      kind: "end",
      epoch: caller.epoch,
      cause: "budget_exceeded",
      message: `Spent $${task.costUsd.toFixed(4)} of $${budget.toFixed(2)}.`,
    },
    deps.now(),
  );
  return {
    ok: false,
    status: 403,
    type: "permission_error",
    message: `The budget of this task ($${budget.toFixed(2)}) is used up.`,
  };
}

async function record(deps: GateDeps, caller: ModelCaller, call: ModelCall): Promise<void> {
  const { costUsd } = priceCall({ model: call.model, ...call.usage });
  await deps.costs.record({
    id: uuidv7(deps.now()),
    accountId: caller.accountId,
    taskId: caller.taskId,
    epoch: caller.epoch,
    vendor: call.vendor,
    model: call.model,
    key: call.key,
    input: call.usage.input,
    output: call.usage.output,
    cacheRead: call.usage.cacheRead,
    cacheWrite: call.usage.cacheWrite,
    costUsd,
    status: call.status,
    durationMs: call.durationMs,
  });
  deps.metrics.modelCall(call.vendor, call.model, costUsd);
}
