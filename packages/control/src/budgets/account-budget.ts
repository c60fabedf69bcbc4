import type { AccountBudget, SetAccountBudget } from "@agency/contract";
import { budgetPeriods } from "@agency/core";
import type { AuditLog, CostStore, TaskStore } from "@agency/core";
import { uuidv7 } from "../ids.ts";

export interface AccountBudgetDeps {
  costs: Pick<CostStore, "accountBudget" | "setAccountBudget" | "waitingForBudget">;
  tasks: Pick<TaskStore, "apply">;
  audit: AuditLog["add"];
  now: () => number;
}

export async function accountBudget(
  deps: Pick<AccountBudgetDeps, "costs">,
  accountId: string,
  now: number,
): Promise<AccountBudget> {
  const { dayCapUsd, daySpentUsd, monthCapUsd, monthSpentUsd } = await deps.costs.accountBudget(
    accountId,
    now,
  );
  const { day, month } = budgetPeriods(now);
  const iso = (at: number) => new Date(at).toISOString();
  return {
    day: { capUsd: dayCapUsd, spentUsd: daySpentUsd, resetsAt: iso(day.resetsAt) },
    month: { capUsd: monthCapUsd, spentUsd: monthSpentUsd, resetsAt: iso(month.resetsAt) },
  };
}

export async function setAccountBudget(
  deps: AccountBudgetDeps,
  accountId: string,
  caps: SetAccountBudget,
  by: string,
): Promise<AccountBudget> {
  const now = deps.now();
  const detail = Object.fromEntries(
    Object.entries(caps).map(([cap, usd]) => [cap, usd === null ? "none" : String(usd)]),
  );
  // First: an entry about a change that then failed is better than a change nobody can find.
  await deps.audit({
    id: uuidv7(now),
    accountId,
    actor: by,
    action: "budget.set",
    target: "account",
    detail,
    at: now,
  });
  await deps.costs.setAccountBudget(accountId, caps);
  await letAskAgain(deps, accountId, now);
  return accountBudget(deps, accountId, now);
}

/** Whoever waits for budget asks again, and waits again if it was another cap that stood in the way. */
async function letAskAgain(deps: AccountBudgetDeps, accountId: string, now: number): Promise<void> {
  for (const id of await deps.costs.waitingForBudget(accountId))
    await deps.tasks.apply(id, { kind: "proceed", id: "budget" }, now);
}
