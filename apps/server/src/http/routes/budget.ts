import { accountBudgetSchema, setAccountBudgetSchema } from "@agency/contract";
import type { ApiDeps } from "../deps.ts";
import { actorOf, route } from "../route.ts";
import type { Route } from "../route.ts";

const tag = "Money";

const get = {
  policy: "key",
  method: "get",
  path: "/v1/budget",
  operationId: "getBudget",
  tag,
  summary: "Show what the account has spent and may spend",
  responses: {
    200: { description: "Caps and spending of this day and month.", schema: accountBudgetSchema },
  },
} as const;

const put = {
  policy: "key",
  method: "put",
  path: "/v1/budget",
  operationId: "setBudget",
  tag,
  summary: "Cap what the account may spend",
  description: "Of a day, of a month, in UTC. At a cap every task waits, or fails if it was told to.",
  body: setAccountBudgetSchema,
  responses: { 200: { description: "Caps and spending.", schema: accountBudgetSchema } },
} as const;

export function budgetRoutes({ useCases }: Pick<ApiDeps, "useCases">): Route[] {
  return [
    route(get, async ({ caller }) => ({ status: 200, body: await useCases.accountBudget(caller.accountId) })),
    route(put, async ({ body, caller }) => {
      const budget = await useCases.setAccountBudget(caller.accountId, body, actorOf(caller));
      return { status: 200, body: budget };
    }),
  ];
}
