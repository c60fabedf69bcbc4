import { archivedFileListSchema, artifactListSchema, artifactSchema } from "@agency/contract";
import { z } from "zod";
import type { ApiDeps } from "../deps.ts";
import { attachmentHeaders, sendDownload, sendStream, sendText } from "../download.ts";
import { route } from "../route.ts";
import type { Route } from "../route.ts";
import { taskParams } from "./tasks.ts";

const MOST_FILES = 1_000;
const tag = "Files";
const artifactParams = taskParams.extend({ artifactId: z.uuid().describe("Id of the artifact.") });
const path = z.string().min(1).max(4096);
const attachment = { "application/octet-stream": "The bytes, always as an attachment." };

const list = {
  policy: "key",
  method: "get",
  path: "/v1/tasks/{id}/artifacts",
  operationId: "listArtifacts",
  tag,
  summary: "List what was kept of a task",
  description: "Oldest first: the archive of the workspace, the patch, named files.",
  params: taskParams,
  responses: { 200: { description: "The artifacts.", schema: artifactListSchema } },
  problems: ["not_found"],
} as const;

const get = {
  policy: "key",
  method: "get",
  path: "/v1/tasks/{id}/artifacts/{artifactId}",
  operationId: "getArtifact",
  tag,
  summary: "Describe one artifact",
  params: artifactParams,
  responses: { 200: { description: "The artifact.", schema: artifactSchema } },
  problems: ["not_found"],
} as const;

const content = {
  policy: "key",
  method: "get",
  path: "/v1/tasks/{id}/artifacts/{artifactId}/content",
  operationId: "downloadArtifact",
  tag,
  summary: "Download one artifact",
  description:
    "A redirect to an address that is good for ten minutes where the storage has such, else the bytes. The " +
    "`etag` is the SHA-256 of the whole; a download that broke off goes on with `Range`. A range behind the end " +
    "is answered with 416. With `inline=1` it is plain text of at most 16 MiB for a page of the server itself to " +
    "read: never redirected, always whole.",
  params: artifactParams,
  query: z.strictObject({ inline: z.literal("1").optional().describe("As plain text, from here.") }),
  headers: {
    range: { description: "One range, as `bytes=1000-`.", schema: z.string() },
    "if-range": {
      description: "The `etag` the range is of; of another one all is sent.",
      schema: z.string(),
    },
    "if-none-match": { description: "The `etag` there is already.", schema: z.string() },
  },
  responses: {
    200: {
      description: "All of it.",
      content: { ...attachment, "text/plain": "The bytes, when asked for with `inline=1`." },
    },
    206: { description: "The range.", content: attachment },
    302: { description: "It is to be had at `location`." },
    304: { description: "It has not changed." },
  },
  problems: ["not_found", "payload_too_large"],
} as const;

const files = {
  policy: "key",
  method: "get",
  path: "/v1/tasks/{id}/files",
  operationId: "listFiles",
  tag,
  summary: "List the files of the workspace as it was kept",
  description: "By path. What git ignores is not among them.",
  params: taskParams,
  query: z.strictObject({
    prefix: z.string().max(4096).default("").describe("Only paths that begin with this, such as `src/`."),
    after: path.optional().describe("The last path already seen."),
    limit: z.coerce.number().int().min(1).max(MOST_FILES).default(MOST_FILES),
  }),
  responses: { 200: { description: "One page of files.", schema: archivedFileListSchema } },
  problems: ["not_found", "conflict", "too_many_requests"],
} as const;

const file = {
  policy: "key",
  method: "get",
  path: "/v1/tasks/{id}/files/content",
  operationId: "readFile",
  tag,
  summary: "Download one file of the workspace",
  description: "Taken out of the archive. A file over 64 MiB is to be had with the whole archive only.",
  params: taskParams,
  query: z.strictObject({ path: path.describe("Its path, as in the list.") }),
  responses: { 200: { description: "The file.", content: attachment } },
  problems: ["not_found", "conflict", "too_many_requests"],
} as const;

export function artifactRoutes({ useCases }: Pick<ApiDeps, "useCases">): Route[] {
  return [
    route(list, async ({ params, caller }) => {
      return { status: 200, body: { artifacts: await useCases.listArtifacts(caller.accountId, params.id) } };
    }),
    route(get, async ({ params, caller }) => {
      return {
        status: 200,
        body: await useCases.getArtifact(caller.accountId, params.id, params.artifactId),
      };
    }),
    route(content, async ({ params, query, caller }, c) => {
      const download = await useCases.downloadArtifact(caller.accountId, params.id, params.artifactId);
      return query.inline === undefined ? sendDownload(c, download) : sendText(c, download);
    }),
    route(files, async ({ params, query, caller }) => {
      return { status: 200, body: await useCases.listFiles(caller.accountId, params.id, query) };
    }),
    route(file, async ({ params, query, caller }, c) => {
      const { name, bytes, open } = await useCases.readFile(caller.accountId, params.id, query.path);
      const headers = { ...attachmentHeaders(name, ""), "content-length": String(bytes) };
      return sendStream(c, c.req.method === "HEAD" ? null : await open(), 200, headers);
    }),
  ];
}
