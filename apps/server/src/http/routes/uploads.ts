import { AgencyError, MAX_UPLOAD_BYTES, sha256Schema, uploadSchema } from "@agency/contract";
import { z } from "zod";
import type { ApiDeps } from "../deps.ts";
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
  problems: ["payload_too_large", "too_many_requests", "conflict"],
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
      const body = c.req.raw.body ?? new Blob([]).stream();
      return { status: 201, body: await useCases.takeUpload(caller.accountId, query, body) };
    }),
  ];
}
