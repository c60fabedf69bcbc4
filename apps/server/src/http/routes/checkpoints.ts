import { askCheckpointSchema, checkpointListSchema } from "@agency/contract";
import { z } from "zod";
import type { ApiDeps } from "../deps.ts";
import { sendDownload } from "../download.ts";
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
    "Newest first. A new task goes on from any of them with `resume`. The newest ten are kept, those with a label " +
    "(fifty at most) or that tasks were started from, and of older ones fewer the older they are.",
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

const content = {
  policy: "key",
  method: "get",
  path: "/v1/tasks/{id}/checkpoints/{number}/content",
  operationId: "downloadCheckpoint",
  tag,
  summary: "Download one checkpoint",
  description:
    "Workspace and session in one tar, made in the task's sandbox: `checkpoint.json`, `workspace.bundle` and " +
    "`session/<n>.gz`. Number 0 is what was uploaded for the task. A redirect where the storage has addresses of its " +
    "own, else the bytes.",
  params: taskParams.extend({
    number: z.coerce.number().int().min(0).max(999_999_999).describe("Its number."),
  }),
  responses: {
    200: {
      description: "All of it; the `etag` is its SHA-256.",
      content: { "application/x-tar": "The bytes, always as an attachment." },
    },
    302: { description: "It is to be had at `location`." },
  },
  problems: ["not_found"],
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
    route(content, async ({ params, caller }, c) =>
      sendDownload(c, await useCases.downloadCheckpoint(caller.accountId, params.id, params.number)),
    ),
  ];
}
