import { askCheckpointSchema, checkpointFileListSchema, checkpointListSchema } from "@agency/contract";
import { z } from "zod";
import type { ApiDeps } from "../deps.ts";
import { attachmentHeaders, sendDownload, sendStream } from "../download.ts";
import { route } from "../route.ts";
import type { Route } from "../route.ts";
import { taskParams } from "./tasks.ts";

const tag = "Files";
const path = "/v1/tasks/{id}/checkpoints";
const MOST_FILES = 1_000;
const filePath = z.string().min(1).max(4096);
const checkpointParams = taskParams.extend({
  number: z.coerce.number().int().min(0).max(999_999_999).describe("Its number."),
});

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
    "Workspace and session in one tar, made in the task's sandbox: `checkpoint.json`, `files.jsonl.zst`, " +
    "`workspace.bundle` and `session/<n>.gz`. Number 0 is what was uploaded for the task. A redirect where the storage has addresses of its " +
    "own, else the bytes.",
  params: checkpointParams,
  responses: {
    200: {
      description: "All of it; the `etag` is its SHA-256.",
      content: { "application/x-tar": "The bytes, always as an attachment." },
    },
    302: { description: "It is to be had at `location`." },
  },
  problems: ["not_found"],
} as const;

const files = {
  policy: "key",
  method: "get",
  path: "/v1/tasks/{id}/checkpoints/{number}/files",
  operationId: "listCheckpointFiles",
  tag,
  summary: "List the files of the workspace as they were at a checkpoint",
  description:
    "By path, with what became of each since the commit the task started from, as the task's sandbox wrote it down. " +
    "What git ignores is not among them. " +
    "What was uploaded (number 0), and checkpoints of older versions, have no such list.",
  params: checkpointParams,
  query: z.strictObject({
    prefix: z.string().max(4096).default("").describe("Only paths that begin with this, such as `src/`."),
    after: filePath.optional().describe("The last path already seen."),
    limit: z.coerce.number().int().min(1).max(MOST_FILES).default(MOST_FILES),
  }),
  responses: { 200: { description: "One page of files.", schema: checkpointFileListSchema } },
  problems: ["not_found", "conflict", "too_many_requests"],
} as const;

const file = {
  policy: "key",
  method: "get",
  path: "/v1/tasks/{id}/checkpoints/{number}/files/content",
  operationId: "readCheckpointFile",
  tag,
  summary: "Download one file as it was at a checkpoint",
  description:
    "Taken out of the checkpoint and checked against the name that the list has for its content; or, when it was as " +
    "in the repository, looked up by that name in the server's mirror. The list itself is the word of the task's " +
    "sandbox: what `resume` brings back is what counts. A file over 64 MiB, or over 16 MiB where git packed it as a " +
    "change of another one, is to be had with the whole checkpoint only.",
  params: checkpointParams,
  query: z.strictObject({ path: filePath.describe("Its path, as in the list.") }),
  responses: {
    200: {
      description: "The file.",
      content: { "application/octet-stream": "The bytes, always as an attachment." },
    },
  },
  problems: ["not_found", "conflict", "too_many_requests"],
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
    route(files, async ({ params, query, caller }) => ({
      status: 200,
      body: await useCases.listCheckpointFiles(caller.accountId, params.id, params.number, query),
    })),
    route(file, async ({ params, query, caller }, c) => {
      const { id, number } = params;
      const gone = c.req.raw.signal;
      const found = await useCases.readCheckpointFile(caller.accountId, id, number, query.path, gone);
      const headers = { ...attachmentHeaders(found.name, ""), "content-length": String(found.bytes) };
      return sendStream(c, c.req.method === "HEAD" ? null : await found.open(), 200, headers);
    }),
  ];
}
