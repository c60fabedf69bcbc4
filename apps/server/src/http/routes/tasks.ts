import {
  cancelTaskSchema,
  createTaskSchema,
  listTasksSchema,
  taskPageSchema,
  taskSchema,
} from "@agency/contract";
import { z } from "zod";
import type { ApiDeps } from "../deps.ts";
import { actorOf, route } from "../route.ts";
import type { Route } from "../route.ts";

export const taskParams = z.object({ id: z.uuid().describe("Id of the task.") });
const tag = "Tasks";

const create = {
  policy: "key",
  method: "post",
  path: "/v1/tasks",
  operationId: "createTask",
  tag,
  summary: "Start a task",
  description: "Answers as soon as the task is stored. Follow its events to see it run.",
  headers: {
    "idempotency-key": {
      description:
        "Any text of your own. The same key with the same body gives the task it gave before, so a request " +
        "whose answer was lost can be sent again. Kept for 24 hours.",
      schema: z.string().min(1).max(255),
    },
  },
  body: createTaskSchema,
  responses: { 201: { description: "The task.", schema: taskSchema } },
  problems: [
    "unknown_engine",
    "unknown_provider",
    "unsupported_option",
    "no_credential",
    "idempotency_mismatch",
    "idempotency_in_flight",
    "not_found",
  ],
} as const;

const list = {
  policy: "key",
  method: "get",
  path: "/v1/tasks",
  operationId: "listTasks",
  tag,
  summary: "List tasks",
  description: "Newest first. Pass `nextCursor` as `cursor` for the next page; it is null on the last one.",
  query: listTasksSchema,
  responses: { 200: { description: "One page of tasks.", schema: taskPageSchema } },
} as const;

const get = {
  policy: "key",
  method: "get",
  path: "/v1/tasks/{id}",
  operationId: "getTask",
  tag,
  summary: "Show a task",
  params: taskParams,
  responses: { 200: { description: "The task.", schema: taskSchema } },
  problems: ["not_found"],
} as const;

const cancel = {
  policy: "key",
  method: "post",
  path: "/v1/tasks/{id}/cancel",
  operationId: "cancelTask",
  tag,
  summary: "Stop a task",
  description: "Once this is answered the task never starts again. What it has made so far is kept.",
  params: taskParams,
  query: cancelTaskSchema,
  responses: { 202: { description: "The task, being stopped or ended already.", schema: taskSchema } },
  problems: ["not_found"],
} as const;

const remove = {
  policy: "key",
  method: "delete",
  path: "/v1/tasks/{id}",
  operationId: "deleteTask",
  tag,
  summary: "Delete a task",
  description:
    "Removes a task that has ended, with its events and its workspace. What it cost stays on record.",
  params: taskParams,
  responses: { 204: { description: "It is gone." } },
  problems: ["not_found", "conflict"],
} as const;

export function taskRoutes({ useCases }: Pick<ApiDeps, "useCases">): Route[] {
  return [
    route(create, async ({ body, caller }, c) => {
      const task = await useCases.createTask(
        caller.accountId,
        body,
        actorOf(caller),
        c.req.header("idempotency-key"),
      );
      return { status: 201, body: task, headers: { location: `/v1/tasks/${task.id}` } };
    }),
    route(list, async ({ query, caller }) => {
      return { status: 200, body: await useCases.listTasks(caller.accountId, query) };
    }),
    route(get, async ({ params, caller }) => {
      return { status: 200, body: await useCases.getTask(caller.accountId, params.id) };
    }),
    route(cancel, async ({ params, query, caller }) => {
      return { status: 202, body: await useCases.cancelTask(caller.accountId, params.id, query) };
    }),
    route(remove, async ({ params, caller }) => {
      await useCases.deleteTask(caller.accountId, params.id, actorOf(caller));
      return { status: 204 };
    }),
  ];
}
