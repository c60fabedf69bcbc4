import type { Proxy } from "./start-proxy.ts";

const DIRECT = "localhost,127.0.0.1,::1";

/**
 * What makes an agent's tools use the proxy. Also for a task without a network: a tool that is told no by the
 * proxy says so and why, one that finds no network only says that a name could not be resolved.
 */
export function proxyEnv({ url, port }: Pick<Proxy, "url" | "port">): Record<string, string> {
  const java = ["http", "https"]
    .flatMap((scheme) => [`-D${scheme}.proxyHost=127.0.0.1`, `-D${scheme}.proxyPort=${port}`])
    .join(" ");
  return {
    HTTP_PROXY: url,
    http_proxy: url,
    HTTPS_PROXY: url,
    https_proxy: url,
    // The port speaks SOCKS5 too, but Python's httpx, under most model SDKs, stops at a socks address it has no module for.
    ALL_PROXY: url,
    all_proxy: url,
    NO_PROXY: DIRECT,
    no_proxy: DIRECT,
    NODE_USE_ENV_PROXY: "1",
    YARN_HTTP_PROXY: url,
    YARN_HTTPS_PROXY: url,
    CARGO_HTTP_PROXY: url,
    // The JVM reads no such variables. Its own list of direct hosts already holds this machine's.
    MAVEN_OPTS: java,
    GRADLE_OPTS: java,
  };
}
