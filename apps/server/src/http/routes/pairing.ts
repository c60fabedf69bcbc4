import {
  claimPairingSchema,
  decidePairingSchema,
  findPairingSchema,
  meSchema,
  pairingSchema,
  pairingStateSchema,
  startedPairingSchema,
  startPairingSchema,
} from "@agency/contract";
import type { ApiDeps } from "../deps.ts";
import { checkOwnPage } from "../middleware/authorise.ts";
import { route } from "../route.ts";
import type { Route } from "../route.ts";
import { welcome } from "./sign-in.ts";

const tag = "Sign-in";

const start = {
  policy: "public",
  method: "post",
  path: "/v1/pairing",
  operationId: "startPairing",
  tag,
  summary: "Ask to be paired",
  description:
    "A new device shows the code; somebody who is signed in lets it in. Good once, for ten minutes.",
  body: startPairingSchema,
  responses: {
    201: { description: "The code, and the secret to claim with.", schema: startedPairingSchema },
  },
  problems: ["forbidden", "too_many_requests"],
} as const;

const claim = {
  policy: "public",
  method: "post",
  path: "/v1/pairing/claim",
  operationId: "claimPairing",
  tag,
  summary: "Has somebody let this device in?",
  description: "Waits up to 20 seconds for the decision. After five wrong secrets the request is gone.",
  body: claimPairingSchema,
  responses: {
    200: { description: "Signed in; the cookie is set.", schema: meSchema },
    202: { description: "Not signed in: why, or not yet.", schema: pairingStateSchema },
  },
  problems: ["forbidden", "too_many_requests"],
} as const;

const find = {
  policy: "key",
  method: "post",
  path: "/v1/pairing/find",
  operationId: "findPairing",
  tag,
  summary: "Which device shows this code?",
  description:
    "Its name is what it says of itself; the address is where it asked from. Five wrong codes, then a break.",
  body: findPairingSchema,
  responses: { 200: { description: "The device.", schema: pairingSchema } },
  problems: ["not_found", "too_many_requests"],
} as const;

const decide = {
  policy: "key",
  method: "post",
  path: "/v1/pairing/decide",
  operationId: "decidePairing",
  tag,
  summary: "Let a device in, or refuse it",
  body: decidePairingSchema,
  responses: { 200: { description: "The device.", schema: pairingSchema } },
  problems: ["not_found", "too_many_requests"],
} as const;

export function pairingRoutes(deps: Pick<ApiDeps, "signIn" | "clock" | "version">): Route[] {
  const { signIn } = deps;
  return [
    route(start, async ({ body }, c) => {
      checkOwnPage(c);
      return { status: 201, body: await signIn.startPairing(body, c.get("visiting")) };
    }),
    route(claim, async ({ body }, c) => {
      checkOwnPage(c);
      const answer = await signIn.claimPairing(body, c.get("visiting"), c.req.raw.signal);
      if (!("token" in answer)) return { status: 202, body: answer };
      return { status: 200, body: await welcome(deps, c, answer) };
    }),
    route(find, async ({ body, caller }) => {
      return { status: 200, body: await signIn.findPairing(caller, body.code) };
    }),
    route(decide, async ({ body, caller }) => {
      return { status: 200, body: await signIn.decidePairing(caller, body) };
    }),
  ];
}
