import { giveAnswerSchema, taskSchema } from "@agency/contract";
import type { ApiDeps } from "../deps.ts";
import { actorOf, route } from "../route.ts";
import type { Route } from "../route.ts";
import { taskParams } from "./tasks.ts";

const answer = {
  policy: "key",
  method: "post",
  path: "/v1/tasks/{id}/answers",
  operationId: "answerTask",
  tag: "Tasks",
  summary: "Answer what the agent asks",
  description:
    "What is open stands in `asks` of the task. A question takes one list of words for each of its questions; " +
    "an approval takes yes or no.",
  params: taskParams,
  body: giveAnswerSchema,
  responses: { 202: { description: "The task.", schema: taskSchema } },
  problems: ["not_found", "conflict", "task_finished"],
} as const;

export function answerRoutes({ useCases }: Pick<ApiDeps, "useCases">): Route[] {
  return [
    route(answer, async ({ params, body, caller }) => {
      const task = await useCases.answerTask(caller.accountId, params.id, body, actorOf(caller));
      return { status: 202, body: task };
    }),
  ];
}
