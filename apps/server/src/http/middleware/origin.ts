import { AgencyError } from "@agency/contract";
import type { ApiContext, ApiMiddleware } from "../env.ts";

/**
 * No page of another origin talks to this server, not even to read: a browser says where a request comes
 * from in Origin and Sec-Fetch-Site, other programs send neither. Another port of localhost is another
 * origin, though a browser calls it the same site.
 */
export const checkOrigin: ApiMiddleware = async (c, next) => {
  const site = c.req.header("sec-fetch-site");
  const fromElsewhere = site !== undefined && site !== "same-origin" && site !== "none";
  if ((fromElsewhere && !isFollowedLink(c)) || !isOwnOrigin(c)) {
    throw new AgencyError("forbidden", "Pages of other origins may not use this server.", {
      next: "Open the server's own address, or call the API from a program.",
    });
  }
  await next();
};

/** A person who follows a link to one of our pages; a script learns nothing from where that leads. */
function isFollowedLink(c: ApiContext): boolean {
  const navigates =
    c.req.header("sec-fetch-mode") === "navigate" && c.req.header("sec-fetch-dest") === "document";
  return navigates && c.req.method === "GET" && !c.req.path.startsWith("/v1");
}

function isOwnOrigin(c: ApiContext): boolean {
  const origin = c.req.header("origin");
  if (origin === undefined) return true;
  const from = URL.parse(origin);
  if (from === null || !/^https?:$/.test(from.protocol)) return false;
  // Through a URL, so that a default port that is written counts like one that is not.
  return URL.parse(`${from.protocol}//${c.req.header("host") ?? ""}`)?.host === from.host;
}
