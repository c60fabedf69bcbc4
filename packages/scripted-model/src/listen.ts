import { once } from "node:events";
import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import { Readable } from "node:stream";

export interface Listening {
  url: string;
  /** Cuts whatever is still open; resolves when the port is free. */
  close(): Promise<void>;
}

type Handle = (request: Request) => Promise<Response>;

/** Serves a web-standard handler on node:http. A caller that hangs up aborts its request's signal. */
export async function listen(handle: Handle, at: { port: number; host: string }): Promise<Listening> {
  const server = createServer((incoming, outgoing) => void serve(handle, incoming, outgoing));
  // Off, because a scripted hang may be longer than node's idea of a slow client.
  server.requestTimeout = 0;
  server.listen(at.port, at.host);
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string")
    throw new Error(`No TCP port was bound on ${at.host}.`);
  return {
    url: `http://${at.host}:${address.port}`,
    close: async () => {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

async function serve(handle: Handle, incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
  const gone = new AbortController();
  outgoing.on("close", () => gone.abort());
  try {
    await send(await handle(toRequest(incoming, gone.signal)), outgoing);
  } catch {
    // Either the caller hung up or the script cuts the line: nothing can be said on it any more.
    outgoing.destroy();
  }
}

function toRequest(incoming: IncomingMessage, signal: AbortSignal): Request {
  const headers = new Headers();
  for (const [name, values] of Object.entries(incoming.headersDistinct))
    for (const value of values ?? []) headers.append(name, value);
  const method = incoming.method ?? "GET";
  const url = `http://${incoming.headers.host ?? "localhost"}${incoming.url ?? "/"}`;
  if (method === "GET" || method === "HEAD") return new Request(url, { method, headers, signal });
  // Streamed, so that a body over the limit is refused while it comes in and not after it filled the memory.
  return new Request(url, { method, headers, signal, body: Readable.toWeb(incoming), duplex: "half" });
}

async function send(response: Response, outgoing: ServerResponse): Promise<void> {
  outgoing.writeHead(response.status, Object.fromEntries(response.headers));
  outgoing.flushHeaders();
  for await (const chunk of response.body ?? []) await write(outgoing, chunk);
  outgoing.end();
}

/** Waits until the bytes are out, so that a cut comes after them and a slow reader slows the stream. */
function write(outgoing: ServerResponse, chunk: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    outgoing.write(chunk, (error) => (error ? reject(error) : resolve()));
  });
}
