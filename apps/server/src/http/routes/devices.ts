import {
  apiKeyListSchema,
  createApiKeySchema,
  createdApiKeySchema,
  deviceListSchema,
} from "@agency/contract";
import { z } from "zod";
import type { ApiDeps } from "../deps.ts";
import { route } from "../route.ts";
import type { Route } from "../route.ts";

const tag = "Sign-in";

const list = {
  policy: "key",
  method: "get",
  path: "/v1/devices",
  operationId: "listDevices",
  tag,
  summary: "List browsers that are signed in",
  responses: { 200: { description: "The newest first.", schema: deviceListSchema } },
} as const;

const revoke = {
  policy: "key",
  method: "delete",
  path: "/v1/devices/{deviceId}",
  operationId: "revokeDevice",
  tag,
  summary: "Sign a browser out",
  description: "Streams it has open end within seconds.",
  params: z.object({ deviceId: z.uuid().describe("Id of the device.") }),
  responses: { 204: { description: "It is signed out." } },
  problems: ["not_found"],
} as const;

const listKeys = {
  policy: "key",
  method: "get",
  path: "/v1/keys",
  operationId: "listKeys",
  tag,
  summary: "List API keys",
  description: "Never the keys themselves.",
  responses: { 200: { description: "The newest first.", schema: apiKeyListSchema } },
} as const;

const createKey = {
  policy: "key",
  method: "post",
  path: "/v1/keys",
  operationId: "createKey",
  tag,
  summary: "Make an API key",
  body: createApiKeySchema,
  responses: { 201: { description: "The key, shown only now.", schema: createdApiKeySchema } },
} as const;

const revokeKey = {
  policy: "key",
  method: "delete",
  path: "/v1/keys/{keyId}",
  operationId: "revokeKey",
  tag,
  summary: "Revoke an API key",
  description: "Another server of the same database takes it for at most five seconds more.",
  params: z.object({ keyId: z.uuid().describe("Id of the key.") }),
  responses: { 204: { description: "It opens nothing any more." } },
  problems: ["not_found"],
} as const;

export function deviceRoutes({ signIn }: Pick<ApiDeps, "signIn">): Route[] {
  return [
    route(list, async ({ caller }) => ({ status: 200, body: { devices: await signIn.devices(caller) } })),
    route(revoke, async ({ params, caller }) => {
      await signIn.revokeDevice(caller, params.deviceId);
      return { status: 204 };
    }),
    route(listKeys, async ({ caller }) => ({ status: 200, body: { keys: await signIn.apiKeys(caller) } })),
    route(createKey, async ({ body, caller }) => {
      return { status: 201, body: await signIn.createApiKey(caller, body.name) };
    }),
    route(revokeKey, async ({ params, caller }) => {
      await signIn.revokeApiKey(caller, params.keyId);
      return { status: 204 };
    }),
  ];
}
