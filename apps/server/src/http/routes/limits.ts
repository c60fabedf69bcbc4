import { changeLimitsSchema, taskSchema } from "@agency/contract";
import type { ApiDeps } from "../deps.ts";
import { actorOf, route } from "../route.ts";
import type { Route } from "../route.ts";
import { taskParams } from "./tasks.ts";

const change = {
  policy: "key",
  method: "patch",
  path: "/v1/tasks/{id}/limits",
  operationId: "changeLimits",
  tag: "Tasks",
  summary: "Change the limits of a task",
  description: "Also of one that runs. A task that waits for budget goes on when this gives it some.",
  params: taskParams,
  body: changeLimitsSchema,
  responses: { 200: { description: "The task with its new limits.", schema: taskSchema } },
  problems: ["not_found", "task_finished"],
} as const;

export function limitRoutes({ useCases }: Pick<ApiDeps, "useCases">): Route[] {
  return [
    route(change, async ({ params, body, caller }) => {
      const task = await useCases.changeLimits(caller.accountId, params.id, body, actorOf(caller));
      return { status: 200, body: task };
    }),
  ];
}
