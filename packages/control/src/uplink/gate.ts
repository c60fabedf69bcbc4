import { priceCall } from "@agency/core";
import type {
  CostStore,
  Metrics,
  ModelAdmission,
  ModelCall,
  ModelCaller,
  ModelGate,
  ModelRequestFacts,
  TaskStore,
} from "@agency/core";
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
  const underWay = createReservations();
  return {
    async authorize(placeholder) {
      const attemptId = deps.tokens.check("model", placeholder);
      const access = attemptId === null ? null : await deps.attempts.find(attemptId);
      if (access === null) return { refused: "unknown" };
      if (!access.live || !access.working || access.epoch !== access.taskEpoch) return { refused: "fenced" };
      return { taskId: access.taskId, accountId: access.accountId, epoch: access.epoch, demo: access.demo };
    },
    admit: (caller, request) => admit(deps, underWay, caller, request),
    async record(caller, call) {
      await record(deps, caller, call);
      underWay.release(caller.taskId);
    },
  };
}

async function admit(
  deps: GateDeps,
  underWay: Reservations,
  caller: ModelCaller,
  request: ModelRequestFacts,
): Promise<ModelAdmission> {
  const task = await deps.tasks.load(caller.taskId);
  if (task === null)
    return { ok: false, status: 403, type: "permission_error", message: "This task is gone." };
  const budget = task.spec.limits.costUsd;
  const worst = priceCall({
    model: request.model,
    input: 0,
    output: request.maxTokens,
    cacheRead: 0,
    cacheWrite: 0,
  });
  if (task.costUsd + underWay.of(caller.taskId) < budget) {
    underWay.take(caller.taskId, worst.costUsd);
    return { ok: true };
  }
  if (task.costUsd < budget) {
    const message = "Calls under way may use up the budget of this task; wait for them.";
    return { ok: false, status: 529, type: "overloaded_error", message };
  }
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

interface Reservations {
  of(taskId: string): number;
  take(taskId: string, costUsd: number): void;
  /** One call is over. Calls of one task are alike: the oldest reservation goes. */
  release(taskId: string): void;
}

/**
 * What calls under way may still cost, so that many at once cannot all be let in on the same last dollar.
 * Of this process only: one task's calls come through one door.
 */
function createReservations(): Reservations {
  const open = new Map<string, number[]>();
  return {
    of: (taskId) => (open.get(taskId) ?? []).reduce((sum, cost) => sum + cost, 0),
    take: (taskId, costUsd) => void open.set(taskId, [...(open.get(taskId) ?? []), costUsd]),
    release(taskId) {
      const left = (open.get(taskId) ?? []).slice(1);
      if (left.length === 0) open.delete(taskId);
      else open.set(taskId, left);
    },
  };
}
