import { sendMessageSchema } from "@agency/contract";
import { z } from "zod";
import type { ApiDeps } from "../deps.ts";
import { route } from "../route.ts";
import type { Route } from "../route.ts";
import { taskParams } from "./tasks.ts";

const send = {
  policy: "key",
  method: "post",
  path: "/v1/tasks/{id}/messages",
  operationId: "sendMessage",
  tag: "Tasks",
  summary: "Tell the agent something",
  description: "The message appears in the events under the same id when it is handed to the agent.",
  params: taskParams,
  body: sendMessageSchema,
  responses: { 202: { description: "The id of the message.", schema: z.object({ id: z.string() }) } },
  problems: ["not_found", "task_finished"],
} as const;

export function messageRoutes({ useCases }: Pick<ApiDeps, "useCases">): Route[] {
  return [
    route(send, async ({ params, body, caller }) => {
      return { status: 202, body: await useCases.sendMessage(caller.accountId, params.id, body) };
    }),
  ];
}
