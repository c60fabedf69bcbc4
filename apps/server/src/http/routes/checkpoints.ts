import { askCheckpointSchema, checkpointListSchema } from "@agency/contract";
import { z } from "zod";
import type { ApiDeps } from "../deps.ts";
import { route } from "../route.ts";
import type { Route } from "../route.ts";
import { taskParams } from "./tasks.ts";

const tag = "Files";
const path = "/v1/tasks/{id}/checkpoints";

const list = {
  policy: "key",
  method: "get",
  path,
  operationId: "listCheckpoints",
  tag,
  summary: "List what can be gone back to",
  description:
    "Newest first. A new task goes on from any of them with `resume`. The newest ten are kept, and every one with a label.",
  params: taskParams,
  responses: { 200: { description: "The checkpoints.", schema: checkpointListSchema } },
  problems: ["not_found"],
} as const;

const ask = {
  policy: "key",
  method: "post",
  path,
  operationId: "askCheckpoint",
  tag,
  summary: "Keep a task as it is now",
  description:
    "Asks the runner for a checkpoint. It is in the list, and a `checkpoint` event in the log, when it is stored.",
  params: taskParams,
  body: askCheckpointSchema,
  responses: { 202: { description: "The id of what was asked for.", schema: z.object({ id: z.string() }) } },
  problems: ["not_found", "conflict", "task_finished"],
} as const;

export function checkpointRoutes({ useCases }: Pick<ApiDeps, "useCases">): Route[] {
  return [
    route(list, async ({ params, caller }) => {
      const checkpoints = await useCases.listCheckpoints(caller.accountId, params.id);
      return { status: 200, body: { checkpoints } };
    }),
    route(ask, async ({ params, body, caller }) => {
      const asked = await useCases.askCheckpoint(caller.accountId, params.id, body.label ?? null);
      return { status: 202, body: asked };
    }),
  ];
}
