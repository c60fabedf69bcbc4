import {
  AgencyError,
  announceUploadSchema,
  MAX_UPLOAD_BYTES,
  offeredUploadSchema,
  sha256Schema,
  uploadSchema,
} from "@agency/contract";
import { z } from "zod";
import type { ApiDeps } from "../deps.ts";
import { requestBytes } from "../request-bytes.ts";
import { route } from "../route.ts";
import type { Route } from "../route.ts";

const take = {
  policy: "key",
  method: "post",
  path: "/v1/uploads",
  operationId: "takeUpload",
  tag: "Files",
  summary: "Send files and memory to go on from",
  description:
    "A tar in the form of a checkpoint, for `upload` of a new task. Kept when it is what was announced, to the byte. " +
    "Good for one task, and for a day. Never unpacked here: the task's sandbox does that.",
  query: z.strictObject({
    bytes: z.coerce.number().int().min(0).max(MAX_UPLOAD_BYTES).describe("Its size."),
    sha256: sha256Schema.describe("Its SHA-256, in hex."),
  }),
  bodyContent: { "application/x-tar": "The bytes." },
  responses: { 201: { description: "The upload.", schema: uploadSchema } },
  problems: ["payload_too_large", "too_many_requests", "conflict", "storage_full", "unavailable"],
} as const;

const offer = {
  policy: "key",
  method: "post",
  path: "/v1/uploads/direct",
  operationId: "offerUpload",
  tag: "Files",
  summary: "Send files and memory past the server",
  description:
    "Where the storage has addresses of its own, the bytes need not pass through the server: PUT them to the address " +
    "that is given, which takes exactly what was announced, then finish the upload.",
  body: announceUploadSchema,
  responses: { 200: { description: "Where to send it.", schema: offeredUploadSchema } },
  problems: ["payload_too_large", "too_many_requests", "storage_full", "unavailable"],
} as const;

const finish = {
  policy: "key",
  method: "post",
  path: "/v1/uploads/{uploadId}/finish",
  operationId: "finishUpload",
  tag: "Files",
  summary: "Count what was sent past the server",
  description:
    "The storage is asked what it got; only when that is what was announced, to the byte, it is an upload. The same " +
    "again gives the same answer.",
  params: z.object({ uploadId: z.uuid() }),
  responses: { 200: { description: "The upload.", schema: uploadSchema } },
  problems: ["not_found", "conflict", "unavailable"],
} as const;

export function uploadRoutes({ useCases }: Pick<ApiDeps, "useCases">): Route[] {
  return [
    route(take, async ({ query, caller }, c) => {
      const length = c.req.header("content-length");
      if (length !== undefined && Number(length) !== query.bytes)
        throw new AgencyError(
          "invalid_request",
          `The body has ${length} bytes, not the announced ${query.bytes}.`,
        );
      return { status: 201, body: await useCases.takeUpload(caller.accountId, query, requestBytes(c)) };
    }),
    route(offer, async ({ body, caller }) => ({
      status: 200,
      body: { direct: await useCases.offerUpload(caller.accountId, body) },
    })),
    route(finish, async ({ params, caller }) => ({
      status: 200,
      body: await useCases.finishUpload(caller.accountId, params.uploadId),
    })),
  ];
}
