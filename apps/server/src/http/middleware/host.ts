import { AgencyError } from "@agency/contract";
import type { ApiMiddleware } from "../env.ts";
import { echo } from "../problem.ts";

/** The names this server answers to. A page that rebinds its own name to this machine has another one. */
export interface HostPolicy {
  /** The address it listens on; a wildcard adds no name. */
  listen: string;
  /** Further names, as `name` for any port or `name:port`. */
  allowed: readonly string[];
}

const LOOPBACK = ["127.0.0.1", "localhost", "[::1]"];
const WILDCARDS = new Set(["0.0.0.0", "[::]"]);
const HOST = /^(\[[0-9a-f:.]{2,45}\]|[a-z0-9._-]{1,253})(?::(\d{1,5}))?$/;
const HTTP_PORT = 80;

/** `localPort` is the one the request came in on; without it only the configured names count. */
export function isAllowedHost(host: string, policy: HostPolicy, localPort: number | undefined): boolean {
  const [, name, port] = HOST.exec(host.toLowerCase()) ?? [];
  if (name === undefined) return false;
  const own = [...LOOPBACK, ...listenName(policy.listen)];
  if (own.includes(name) && Number(port ?? HTTP_PORT) === localPort) return true;
  return policy.allowed.some((entry) => {
    const allowed = entry.toLowerCase();
    return allowed === name || (port !== undefined && allowed === `${name}:${port}`);
  });
}

function listenName(listen: string): string[] {
  const name = listen.includes(":") && !listen.startsWith("[") ? `[${listen}]` : listen.toLowerCase();
  return WILDCARDS.has(name) ? [] : [name];
}

/** Before routing: a request that was meant for somebody else learns nothing, not even which paths exist. */
export function checkHost(policy: HostPolicy): ApiMiddleware {
  return async (c, next) => {
    const { incoming } = c.env;
    const hosts = incoming ? hostsIn(incoming.rawHeaders) : [c.req.header("host") ?? ""];
    const asProxy = incoming?.url !== undefined && !incoming.url.startsWith("/");
    const [host = ""] = hosts;
    if (hosts.length === 1 && !asProxy && isAllowedHost(host, policy, incoming?.socket.localPort))
      return next();
    throw new AgencyError("wrong_host", whyRefused(host, hosts.length, asProxy), {
      next: "Use http://localhost or http://127.0.0.1 with the server's port, or add the name to AGENCY_ALLOWED_HOSTS.",
    });
  };
}

/** From the bytes as they came: Node keeps only the first of several. */
function hostsIn(rawHeaders: readonly string[]): string[] {
  return rawHeaders.filter((_, at) => at % 2 === 1 && rawHeaders[at - 1]?.toLowerCase() === "host");
}

function whyRefused(host: string, count: number, asProxy: boolean): string {
  if (asProxy) return "This server is not a proxy.";
  if (count > 1) return "The request names more than one host.";
  return host === "" ? "The request names no host." : `This server does not answer to "${echo(host)}".`;
}
