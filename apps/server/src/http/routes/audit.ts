import { auditPageSchema, listAuditSchema } from "@agency/contract";
import type { ApiDeps } from "../deps.ts";
import { route } from "../route.ts";
import type { Route } from "../route.ts";

const list = {
  policy: "key",
  method: "get",
  path: "/v1/audit",
  operationId: "listAudit",
  tag: "Instance",
  summary: "Who changed what",
  description: "Newest first. Entries are only ever added.",
  query: listAuditSchema,
  responses: { 200: { description: "One page of the audit log.", schema: auditPageSchema } },
} as const;

export function auditRoutes({ useCases }: Pick<ApiDeps, "useCases">): Route[] {
  return [
    route(list, async ({ query, caller }) => {
      return { status: 200, body: await useCases.listAudit(caller.accountId, query) };
    }),
  ];
}
