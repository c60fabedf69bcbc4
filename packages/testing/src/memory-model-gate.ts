import { priceCall } from "@agency/core";
import type { ModelCall, ModelCaller, ModelGate } from "@agency/core";

export interface MemoryModelGate extends ModelGate {
  /** A new placeholder, of a new task unless told otherwise. */
  issue(caller?: Partial<ModelCaller>): string;
  fence(placeholder: string): void;
  /** Each key once, as it was first recorded. */
  readonly calls: readonly (ModelCall & { taskId: string })[];
  spentUsd(taskId: string): number;
}

/** The gate without a database: one budget, the same for every task. */
export function createMemoryModelGate({ budgetUsd = 100 } = {}): MemoryModelGate {
  const callers = new Map<string, ModelCaller>();
  const fenced = new Set<string>();
  const calls: (ModelCall & { taskId: string })[] = [];

  function spentUsd(taskId: string): number {
    const micro = calls
      .filter((call) => call.taskId === taskId)
      .map((call) => priceCall({ model: call.model, ...call.usage }).costMicroUsd);
    return micro.reduce((sum, cost) => sum + cost, 0) / 1_000_000;
  }

  return {
    calls,
    spentUsd,
    issue(caller = {}) {
      const n = callers.size + 1;
      const placeholder = `sk-ant-agency-placeholder-${n}`;
      callers.set(placeholder, {
        taskId: `task-${n}`,
        accountId: "account",
        epoch: 1,
        demo: false,
        ...caller,
      });
      return placeholder;
    },
    fence(placeholder) {
      fenced.add(placeholder);
    },
    async authorize(placeholder) {
      const caller = callers.get(placeholder);
      if (caller === undefined) return { refused: "unknown" };
      return fenced.has(placeholder) ? { refused: "fenced" } : caller;
    },
    async admit(caller) {
      if (spentUsd(caller.taskId) < budgetUsd) return { ok: true };
      return {
        ok: false,
        status: 403,
        type: "permission_error",
        message: "The budget of this task is used up.",
      };
    },
    async record({ taskId }, call) {
      if (!calls.some((earlier) => earlier.key === call.key)) calls.push({ ...call, taskId });
    },
  };
}
