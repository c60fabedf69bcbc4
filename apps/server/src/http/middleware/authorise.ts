import { AgencyError, CSRF_HEADER } from "@agency/contract";
import type { ApiKeys, Caller, SignIn } from "@agency/control";
import type { ApiContext, ApiMiddleware } from "../env.ts";
import { cookieName, readCookie, setCookie } from "../session-cookie.ts";
import { sameText } from "../same-text.ts";

/** Who may use a route. There is no default: a route without a policy does not start. */
export const POLICIES = ["public", "key"] as const;
/** key: whoever brings an API key, or the cookie of a browser that is signed in. */
export type Policy = (typeof POLICIES)[number];

export interface Doorkeepers {
  apiKeys: Pick<ApiKeys, "authenticate">;
  signIn: Pick<SignIn, "authenticate">;
}

const READING = new Set(["GET", "HEAD"]);

export function authorise(policy: Policy, doorkeepers: Doorkeepers): ApiMiddleware {
  return async (c, next) => {
    if (policy === "key") c.set("caller", await callerOf(c, doorkeepers));
    await next();
  };
}

/** A key that was sent on purpose wins over the cookie that a browser sends by itself. */
async function callerOf(c: ApiContext, { apiKeys, signIn }: Doorkeepers): Promise<Caller> {
  const authorization = c.req.header("authorization");
  const visiting = c.get("visiting");
  const token = readCookie(c.req.header("cookie"), cookieName(visiting));
  if (authorization !== undefined || token === null) return apiKeys.authenticate(authorization);
  const known = await signIn.authenticate(token);
  const { session } = known?.caller ?? {};
  if (known === null || session === undefined) {
    throw new AgencyError("unauthenticated", "This browser is not signed in any more.", {
      next: "Sign in again; `agency open` gives a link.",
    });
  }
  if (!READING.has(c.req.method)) checkIntent(c, session.csrf);
  if (known.freshToken !== null) {
    const now = Date.now();
    c.header("set-cookie", setCookie(visiting, known.freshToken, session.expiresAt, now));
  }
  return known.caller;
}

/**
 * A cookie goes along with requests its owner never meant. Two things a foreign page cannot have: the origin (a
 * wrong one was refused before, here it must be there) and the token, which only our own page can read.
 */
function checkIntent(c: ApiContext, csrf: string): void {
  const own = c.req.header("origin") !== undefined || c.req.header("sec-fetch-site") === "same-origin";
  if (own && sameText(c.req.header(CSRF_HEADER) ?? "", csrf)) return;
  throw new AgencyError("forbidden", "This request does not come from Agency's own page.", {
    next: `Send the token of GET /v1/me in the header ${CSRF_HEADER}, from the server's own origin.`,
  });
}

/** For the calls that sign in: they have no token yet, but a foreign form cannot send the header. */
export function checkOwnPage(c: ApiContext): void {
  const { https, loopback } = c.get("visiting");
  if (!https && !loopback) {
    throw new AgencyError("forbidden", "Signing in needs https, or a browser on the server's own machine.", {
      next: "Put a proxy with TLS in front and name it in AGENCY_TRUSTED_PROXIES, or use a tunnel to localhost.",
    });
  }
  if (c.req.header(CSRF_HEADER) !== undefined) return;
  throw new AgencyError("forbidden", "This request does not come from Agency's own page.", {
    next: `Send the header ${CSRF_HEADER}.`,
  });
}
