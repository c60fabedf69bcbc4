import {
  projectSchema,
  rotatedSchema,
  secretInfoSchema,
  secretListSchema,
  secretNameSchema,
  setSecretSchema,
} from "@agency/contract";
import { z } from "zod";
import type { ApiDeps } from "../deps.ts";
import { actorOf, route } from "../route.ts";
import type { Route } from "../route.ts";

const tag = "Secrets";
const params = z.object({ name: secretNameSchema.describe("Name of the secret.") });

const list = {
  policy: "key",
  method: "get",
  path: "/v1/secrets",
  operationId: "listSecrets",
  tag,
  summary: "List secrets",
  description: "Everything but their values: those cannot be read back by anybody.",
  responses: { 200: { description: "The secrets.", schema: secretListSchema } },
} as const;

const put = {
  policy: "key",
  method: "put",
  path: "/v1/secrets/{name}",
  operationId: "setSecret",
  tag,
  summary: "Store a secret",
  description: "Sealed before it is stored. It never enters a sandbox: the brokers use it outside.",
  params,
  body: setSecretSchema,
  responses: { 200: { description: "What is known of it.", schema: secretInfoSchema } },
  problems: ["conflict", "upstream_failed"],
} as const;

const remove = {
  policy: "key",
  method: "delete",
  path: "/v1/secrets/{name}",
  operationId: "removeSecret",
  tag,
  summary: "Forget a secret",
  params,
  query: z.strictObject({ project: projectSchema.optional().describe("Whose; not set: the account's.") }),
  responses: { 204: { description: "It is gone." } },
  problems: ["not_found"],
} as const;

const rotate = {
  policy: "key",
  method: "post",
  path: "/v1/secrets/rotate",
  operationId: "rotateSecrets",
  tag,
  summary: "Seal every secret with a new master key",
  responses: {
    200: {
      description: "How many were sealed anew.",
      schema: rotatedSchema,
    },
  },
} as const;

export function secretRoutes({ useCases }: Pick<ApiDeps, "useCases">): Route[] {
  return [
    route(list, async ({ caller }) => {
      return { status: 200, body: { secrets: await useCases.listSecrets(caller.accountId) } };
    }),
    route(put, async ({ params: { name }, body, caller }) => {
      return { status: 200, body: await useCases.setSecret(caller.accountId, name, body, actorOf(caller)) };
    }),
    route(remove, async ({ params: { name }, query, caller }) => {
      await useCases.removeSecret(caller.accountId, name, query.project ?? null, actorOf(caller));
      return { status: 204 };
    }),
    route(rotate, async ({ caller }) => {
      return { status: 200, body: await useCases.rotateSecrets(caller.accountId, actorOf(caller)) };
    }),
  ];
}
