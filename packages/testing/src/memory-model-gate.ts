import { priceCall } from "@agency/core";
import type { ModelAdmission, ModelCall, ModelCaller, ModelGate, UsageLimit } from "@agency/core";

type CredentialChange = Parameters<ModelGate["changedCredential"]>[1] & { readonly next: string };

export interface MemoryModelGate extends ModelGate {
  /** A new placeholder, of a new task unless told otherwise. */
  issue(caller?: Partial<ModelCaller>, vendor?: string): string;
  fence(placeholder: string): void;
  /** Each key once, as it was first recorded. */
  readonly calls: readonly (ModelCall & { taskId: string })[];
  /** Admitted and not settled. */
  readonly open: ReadonlySet<string>;
  /** How often each reservation was settled. */
  readonly settled: ReadonlyMap<string, number>;
  readonly usedUpLimits: readonly UsageLimit[];
  readonly changes: readonly CredentialChange[];
  spentUsd(taskId: string): number;
}

const PREFIXES: Record<string, string> = { anthropic: "sk-ant-agency-", openai: "sk-agency-" };

/** The gate without a database: one budget, the same for every task. */
export function createMemoryModelGate({ budgetUsd = 100 } = {}): MemoryModelGate {
  const callers = new Map<string, { vendor: string; caller: ModelCaller }>();
  const fenced = new Set<string>();
  const calls: (ModelCall & { taskId: string })[] = [];
  const reserved = new Map<string, { taskId: string; usd: number }>();
  const open = new Set<string>();
  const settled = new Map<string, number>();
  const usedUpLimits: UsageLimit[] = [];
  const changes: CredentialChange[] = [];
  let reservations = 0;

  function spentUsd(taskId: string): number {
    const micro = calls
      .filter((call) => call.taskId === taskId)
      .map((call) => priceCall({ model: call.model, ...call.usage }).costMicroUsd);
    return micro.reduce((sum, cost) => sum + cost, 0) / 1_000_000;
  }

  function reservedUsd(taskId: string): number {
    return [...reserved.values()]
      .filter((one) => one.taskId === taskId)
      .reduce((sum, one) => sum + one.usd, 0);
  }

  return {
    calls,
    open,
    settled,
    usedUpLimits,
    changes,
    spentUsd,
    issue(caller = {}, vendor = "anthropic") {
      const n = callers.size + 1;
      const placeholder = `${PREFIXES[vendor] ?? ""}placeholder-${n}`;
      const whole: ModelCaller = {
        taskId: `task-${n}`,
        accountId: "account",
        epoch: 1,
        demo: false,
        onUsageLimit: "next",
        strictEgress: false,
        ...caller,
      };
      callers.set(placeholder, { vendor, caller: whole });
      return placeholder;
    },
    fence(placeholder) {
      fenced.add(placeholder);
    },
    async authorize(vendor, placeholder) {
      const known = callers.get(placeholder);
      if (known === undefined || known.vendor !== vendor) return { refused: "unknown" };
      return fenced.has(placeholder) ? { refused: "fenced" } : known.caller;
    },
    async admit({ taskId }, { model, maxTokens, inputBytes }): Promise<ModelAdmission> {
      if (spentUsd(taskId) >= budgetUsd) {
        const message = "The budget of this task is used up.";
        return { ok: false, hold: "budget", retryMs: 15_000, message };
      }
      if (spentUsd(taskId) + reservedUsd(taskId) >= budgetUsd) {
        const message = "Calls under way may use up the budget of this task.";
        return { ok: false, hold: "busy", retryMs: 250, message };
      }
      const reservation = `reservation-${(reservations += 1)}`;
      const usage = { input: inputBytes / 2, output: maxTokens, cacheRead: 0, cacheWrite: 0 };
      reserved.set(reservation, { taskId, usd: priceCall({ model, ...usage }).costUsd });
      open.add(reservation);
      return { ok: true, reservation };
    },
    async record({ taskId }, call) {
      if (!calls.some((earlier) => earlier.key === call.key)) calls.push({ ...call, taskId });
    },
    async settle(_caller, reservation) {
      reserved.delete(reservation);
      open.delete(reservation);
      settled.set(reservation, (settled.get(reservation) ?? 0) + 1);
    },
    async usedUp(_caller, limit) {
      usedUpLimits.push(limit);
    },
    async changedCredential(_caller, limit, next) {
      changes.push({ ...limit, next });
    },
  };
}
