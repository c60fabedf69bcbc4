import {
  accountNetworkSchema,
  changeNetworkSchema,
  listNameSchema,
  setNetworkListSchema,
} from "@agency/contract";
import { z } from "zod";
import type { ApiDeps } from "../deps.ts";
import { actorOf, route } from "../route.ts";
import type { Route } from "../route.ts";

const tag = "Network";
const path = "/v1/network";
const listPath = "/v1/network/lists/{list}";
const params = z.object({ list: listNameSchema.describe("Name of the list.") });
const ok = { description: "The network settings of the account.", schema: accountNetworkSchema };

const get = {
  policy: "key",
  method: "get",
  path,
  operationId: "getNetwork",
  tag,
  summary: "Show what tasks may reach",
  description:
    "The account's lists of hosts, the hosts that are closed to every task, and the network of tasks that do not say.",
  responses: { 200: ok },
} as const;

const change = {
  policy: "key",
  method: "patch",
  path,
  operationId: "changeNetwork",
  tag,
  summary: "Close or open hosts, or set the default network",
  description:
    "Only what is named changes. What is closed is closed at once, to tasks that run as well: their open connections " +
    "to it are cut. What is to be opened must be closed, as it is written there. The default is for tasks made from then on.",
  body: changeNetworkSchema,
  responses: { 200: ok },
  problems: ["not_found", "conflict"],
} as const;

const putList = {
  policy: "key",
  method: "put",
  path: listPath,
  operationId: "setNetworkList",
  tag,
  summary: "Make a list of hosts, or replace what is on it",
  description: "A list is read anew for each connection: tasks that run and name it have it as it is now.",
  params,
  body: setNetworkListSchema,
  responses: { 200: ok },
  problems: ["conflict"],
} as const;

const removeList = {
  policy: "key",
  method: "delete",
  path: listPath,
  operationId: "deleteNetworkList",
  tag,
  summary: "Remove a list of hosts",
  description:
    "What it opened is closed to the tasks that name it, and each refusal says why. Not while it is the default.",
  params,
  responses: { 204: { description: "It is gone." } },
  problems: ["not_found", "conflict"],
} as const;

export function networkRoutes({ useCases }: Pick<ApiDeps, "useCases">): Route[] {
  return [
    route(get, async ({ caller }) => ({ status: 200, body: await useCases.network(caller.accountId) })),
    route(change, async ({ body, caller }) => {
      return { status: 200, body: await useCases.changeNetwork(caller.accountId, body, actorOf(caller)) };
    }),
    route(putList, async ({ params: { list }, body, caller }) => {
      const network = await useCases.setNetworkList(caller.accountId, list, body, actorOf(caller));
      return { status: 200, body: network };
    }),
    route(removeList, async ({ params: { list }, caller }) => {
      await useCases.removeNetworkList(caller.accountId, list, actorOf(caller));
      return { status: 204 };
    }),
  ];
}
