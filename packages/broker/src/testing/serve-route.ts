import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";

export interface ServedRoute extends AsyncDisposable {
  readonly url: string;
}

type Route = (request: Request, path: string) => Promise<Response>;

/** The route behind a real socket, as a server has it: what leaves the engine's end reaches the route's. */
export async function serveRoute(route: Route): Promise<ServedRoute> {
  const server = createServer((incoming, outgoing) => void serve(route, incoming, outgoing));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function serve(route: Route, incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
  const gone = new AbortController();
  outgoing.once("close", () => gone.abort());
  const path = incoming.url ?? "/";
  const request = new Request(`http://engine${path}`, {
    method: incoming.method ?? "GET",
    headers: Object.entries(incoming.headers).map(([name, value]) => [name, String(value)]),
    body: incoming.method === "POST" ? Readable.toWeb(incoming) : null,
    duplex: "half",
    signal: gone.signal,
  });
  const response = await route(request, path);
  outgoing.writeHead(response.status, Object.fromEntries(response.headers));
  outgoing.flushHeaders();
  if (response.body === null) outgoing.end();
  // A cut answer must reach the engine as a cut connection, which pipeline sees to.
  else await pipeline(Readable.fromWeb(response.body), outgoing).catch(() => {});
}
