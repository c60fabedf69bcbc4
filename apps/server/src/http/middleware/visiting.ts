import { isIP } from "node:net";
import type { ApiContext, ApiMiddleware, Visiting } from "../env.ts";

const LOOPBACK_HOST = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d+)?$/i;
const LOOPBACK_ADDRESS = /^(?:127(?:\.\d{1,3}){3}|::1)$/;
const TWO_YEARS = 63_072_000;

/**
 * Where a request really comes from. What a proxy says of it counts only when the proxy is one of ours: anybody
 * else could choose an address for every try of a password.
 */
export function visiting(trustedProxies: readonly string[]): ApiMiddleware {
  const trusted = new Set(trustedProxies.map(plainAddress));
  return async (c, next) => {
    const facts = factsOf(c, trusted);
    c.set("visiting", facts);
    if (facts.https) c.header("strict-transport-security", `max-age=${TWO_YEARS}`);
    await next();
  };
}

function factsOf(c: ApiContext, trusted: ReadonlySet<string>): Visiting {
  const { incoming } = c.env;
  const peer = plainAddress(incoming?.socket.remoteAddress ?? "");
  const proxied = trusted.has(peer);
  const host = c.req.header("host") ?? "";
  const address = (proxied ? clientOf(c.req.header("x-forwarded-for"), trusted) : null) ?? peer;
  return {
    address,
    https: proxied && c.req.header("x-forwarded-proto")?.trim().toLowerCase() === "https",
    userAgent: c.req.header("user-agent") ?? "",
    host,
    // Anybody can write the name. Without a socket the call comes from this very process.
    loopback: LOOPBACK_HOST.test(host) && (incoming === undefined || LOOPBACK_ADDRESS.test(address)),
  };
}

/** From the right: everything further left than the last proxy of ours was written by the client itself. */
function clientOf(header: string | undefined, trusted: ReadonlySet<string>): string | null {
  const hops = (header ?? "").split(",").map((hop) => plainAddress(hop.trim()));
  const client = hops.findLast((hop) => !trusted.has(hop));
  return client !== undefined && isIP(client) !== 0 ? client : null;
}

/** An IPv4 address looks different on a socket that also speaks IPv6. */
function plainAddress(address: string): string {
  return address.toLowerCase().replace(/^::ffff:(?=\d+\.)/, "");
}
