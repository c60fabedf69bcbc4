import { saveTemplateSchema, templateListSchema, templateSchema } from "@agency/contract";
import { z } from "zod";
import type { ApiDeps } from "../deps.ts";
import { route } from "../route.ts";
import type { Route } from "../route.ts";

const tag = "Tasks";
const params = z.object({ templateId: z.uuid().describe("Id of the template.") });

const list = {
  policy: "key",
  method: "get",
  path: "/v1/templates",
  operationId: "listTemplates",
  tag,
  summary: "List templates of tasks",
  responses: { 200: { description: "By name.", schema: templateListSchema } },
} as const;

const create = {
  policy: "key",
  method: "post",
  path: "/v1/templates",
  operationId: "createTemplate",
  tag,
  summary: "Keep a task as a template",
  description: "Everything a new task can say, but secrets and what belongs to one task only.",
  body: saveTemplateSchema,
  responses: { 201: { description: "The template.", schema: templateSchema } },
  problems: ["conflict"],
} as const;

const replace = {
  policy: "key",
  method: "put",
  path: "/v1/templates/{templateId}",
  operationId: "replaceTemplate",
  tag,
  summary: "Change a template",
  params,
  body: saveTemplateSchema,
  responses: { 200: { description: "The template.", schema: templateSchema } },
  problems: ["not_found", "conflict"],
} as const;

const remove = {
  policy: "key",
  method: "delete",
  path: "/v1/templates/{templateId}",
  operationId: "deleteTemplate",
  tag,
  summary: "Delete a template",
  params,
  responses: { 204: { description: "It is gone." } },
  problems: ["not_found"],
} as const;

export function templateRoutes({ useCases }: Pick<ApiDeps, "useCases">): Route[] {
  return [
    route(list, async ({ caller }) => {
      return { status: 200, body: { templates: await useCases.listTemplates(caller.accountId) } };
    }),
    route(create, async ({ body, caller }) => {
      return { status: 201, body: await useCases.createTemplate(caller.accountId, body) };
    }),
    route(replace, async ({ params: { templateId }, body, caller }) => {
      return { status: 200, body: await useCases.replaceTemplate(caller.accountId, templateId, body) };
    }),
    route(remove, async ({ params: { templateId }, caller }) => {
      await useCases.removeTemplate(caller.accountId, templateId);
      return { status: 204 };
    }),
  ];
}
