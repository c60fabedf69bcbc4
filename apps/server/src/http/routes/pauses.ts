import { taskSchema } from "@agency/contract";
import type { ApiDeps } from "../deps.ts";
import { route } from "../route.ts";
import type { Route } from "../route.ts";
import { taskParams } from "./tasks.ts";

const pause = {
  policy: "key",
  method: "post",
  path: "/v1/tasks/{id}/pause",
  operationId: "pauseTask",
  tag: "Tasks",
  summary: "Pause a task",
  description:
    "The agent ends the step it is in and makes no further model call; its sandbox and its memory are kept. " +
    "Its time limit stands still.",
  params: taskParams,
  responses: { 202: { description: "The task, waiting.", schema: taskSchema } },
  problems: ["not_found", "conflict", "task_finished"],
} as const;

const resume = {
  policy: "key",
  method: "post",
  path: "/v1/tasks/{id}/resume",
  operationId: "resumeTask",
  tag: "Tasks",
  summary: "Let a paused task go on",
  description: "Also tries again at once when the task waits for a usage limit to be reset.",
  params: taskParams,
  responses: { 202: { description: "The task.", schema: taskSchema } },
  problems: ["not_found", "conflict", "task_finished"],
} as const;

export function pauseRoutes({ useCases }: Pick<ApiDeps, "useCases">): Route[] {
  return [
    route(pause, async ({ params, caller }) => {
      return { status: 202, body: await useCases.pauseTask(caller.accountId, params.id) };
    }),
    route(resume, async ({ params, caller }) => {
      return { status: 202, body: await useCases.resumeTask(caller.accountId, params.id) };
    }),
  ];
}
