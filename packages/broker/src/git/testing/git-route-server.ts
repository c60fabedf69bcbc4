import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { AttemptCaller } from "@agency/core";
import type { GitRoute } from "../git-route.ts";

export interface ServedGitRoute extends AsyncDisposable {
  readonly url: string;
}

/** The route behind `/git` of a real socket, as the forwarder and the uplink show it to an agent. */
export async function serveGitRoute(route: GitRoute, caller: () => AttemptCaller): Promise<ServedGitRoute> {
  const server = createServer((incoming, outgoing) => void serve(route, caller(), incoming, outgoing));
  server.requestTimeout = 0;
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  return {
    url: `http://127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function serve(
  route: GitRoute,
  caller: AttemptCaller,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> {
  const gone = new AbortController();
  outgoing.once("close", () => gone.abort());
  const { method = "GET", url = "/" } = incoming;
  const request = new Request(`http://uplink${url}`, {
    method,
    headers: Object.entries(incoming.headers).map(([name, value]) => [name, String(value)]),
    body: method === "GET" ? null : Readable.toWeb(incoming),
    duplex: "half",
    signal: gone.signal,
  });
  const response = await route(request, url.replace(/^\/git/, ""), caller);
  outgoing.writeHead(response.status, Object.fromEntries(response.headers));
  outgoing.flushHeaders();
  if (response.body === null) outgoing.end();
  // A cut answer must reach git as a cut connection, which pipeline sees to.
  else await pipeline(Readable.fromWeb(response.body), outgoing).catch(() => {});
}
