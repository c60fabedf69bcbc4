import {
  meSchema,
  setPasswordSchema,
  signInByLinkSchema,
  signInByPasswordSchema,
  signInLinkSchema,
  signInWaysSchema,
} from "@agency/contract";
import type { Me } from "@agency/contract";
import type { Entered } from "@agency/control";
import type { ApiDeps } from "../deps.ts";
import type { ApiContext } from "../env.ts";
import { checkOwnPage } from "../middleware/authorise.ts";
import { route } from "../route.ts";
import type { Route } from "../route.ts";
import { clearCookie, setCookie } from "../session-cookie.ts";

const tag = "Sign-in";
const entered = { 200: { description: "Signed in; the cookie is set.", schema: meSchema } } as const;

const ways = {
  policy: "public",
  method: "get",
  path: "/v1/sign-in",
  operationId: "getSignInWays",
  tag,
  summary: "How a browser can sign in",
  responses: { 200: { description: "The ways.", schema: signInWaysSchema } },
} as const;

const link = {
  policy: "public",
  method: "post",
  path: "/v1/sign-in/link",
  operationId: "signInByLink",
  tag,
  summary: "Sign in with a one-time link",
  body: signInByLinkSchema,
  responses: entered,
  problems: ["unauthenticated", "forbidden", "too_many_requests"],
} as const;

const password = {
  policy: "public",
  method: "post",
  path: "/v1/sign-in/password",
  operationId: "signInByPassword",
  tag,
  summary: "Sign in with the password",
  body: signInByPasswordSchema,
  responses: entered,
  problems: ["unauthenticated", "forbidden", "too_many_requests"],
} as const;

const makeLink = {
  policy: "key",
  method: "post",
  path: "/v1/sign-in-links",
  operationId: "createSignInLink",
  tag,
  summary: "Make a one-time link",
  description: "Good once, for ten minutes. The token belongs behind `#`, where no log ever sees it.",
  responses: { 201: { description: "The link.", schema: signInLinkSchema } },
} as const;

const who = {
  policy: "key",
  method: "get",
  path: "/v1/me",
  operationId: "getMe",
  tag,
  summary: "Who asks",
  description: "Also what a browser must send along with a request that changes something.",
  responses: { 200: { description: "The account, and how it was let in.", schema: meSchema } },
} as const;

const out = {
  policy: "key",
  method: "post",
  path: "/v1/sign-out",
  operationId: "signOut",
  tag,
  summary: "Sign this browser out",
  responses: { 204: { description: "Its session is gone." } },
} as const;

const changePassword = {
  policy: "key",
  method: "put",
  path: "/v1/password",
  operationId: "setPassword",
  tag,
  summary: "Set or remove the password",
  description: "Browsers that signed in with the old one are signed out.",
  body: setPasswordSchema,
  responses: { 204: { description: "Done." } },
  problems: ["forbidden", "too_many_requests"],
} as const;

export function signInRoutes({
  signIn,
  clock,
  version,
}: Pick<ApiDeps, "signIn" | "clock" | "version">): Route[] {
  const letIn = (c: ApiContext, entry: Entered) => welcome({ signIn, clock, version }, c, entry);
  return [
    route(ways, async (_input, c) => {
      const { https, loopback } = c.get("visiting");
      return { status: 200, body: { password: await signIn.hasPassword(), allowed: https || loopback } };
    }),
    route(link, async ({ body }, c) => {
      checkOwnPage(c);
      return { status: 200, body: await letIn(c, await signIn.byLink(body, c.get("visiting"))) };
    }),
    route(password, async ({ body }, c) => {
      checkOwnPage(c);
      return { status: 200, body: await letIn(c, await signIn.byPassword(body, c.get("visiting"))) };
    }),
    route(makeLink, async ({ caller }) => ({ status: 201, body: await signIn.createLink(caller) })),
    route(who, async ({ caller }) => ({ status: 200, body: await signIn.me(caller, version) })),
    route(out, async ({ caller }, c) => {
      await signIn.signOut(caller);
      c.header("set-cookie", clearCookie(c.get("visiting")));
      return { status: 204 };
    }),
    route(changePassword, async ({ body, caller }) => {
      await signIn.setPassword(caller, body);
      return { status: 204 };
    }),
  ];
}

/** Whatever cookie there was before is replaced: nobody is signed in with a token of another's choosing. */
export function welcome(
  { signIn, clock, version }: Pick<ApiDeps, "signIn" | "clock" | "version">,
  c: ApiContext,
  entry: Entered,
): Promise<Me> {
  const cookie = setCookie(c.get("visiting"), entry.token, entry.session.expiresAt, clock.now());
  c.header("set-cookie", cookie);
  return signIn.me(signIn.callerOf(entry), version);
}
