import { retentionSchema, setRetentionSchema } from "@agency/contract";
import type { ApiDeps } from "../deps.ts";
import { actorOf, route } from "../route.ts";
import type { Route } from "../route.ts";

const tag = "Files";
const path = "/v1/retention";

const get = {
  policy: "key",
  method: "get",
  path,
  operationId: "getRetention",
  tag,
  summary: "Show how long what is kept",
  description:
    "Counted from the end of a task, in milliseconds; null is as long as the task. A task says what of it is gone " +
    "in `expired`.",
  responses: { 200: { description: "What is kept for how long.", schema: retentionSchema } },
} as const;

const put = {
  policy: "key",
  method: "put",
  path,
  operationId: "setRetention",
  tag,
  summary: "Say how long what is kept",
  description:
    "Only what is named changes. It also holds for tasks that have ended already: what is older than that goes " +
    "within minutes, and cannot be brought back.",
  body: setRetentionSchema,
  responses: { 200: { description: "What is kept for how long.", schema: retentionSchema } },
} as const;

export function retentionRoutes({ useCases }: Pick<ApiDeps, "useCases">): Route[] {
  return [
    route(get, async ({ caller }) => ({ status: 200, body: await useCases.retention(caller.accountId) })),
    route(put, async ({ body, caller }) => {
      const retention = await useCases.setRetention(caller.accountId, body, actorOf(caller));
      return { status: 200, body: retention };
    }),
  ];
}
