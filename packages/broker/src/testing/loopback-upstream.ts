import { createServer } from "node:http";
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from "node:http";

interface SeenRequest {
  method: string;
  url: string;
  headers: IncomingHttpHeaders;
  rawHeaders: string[];
  body: string;
}

export interface LoopbackUpstream extends AsyncDisposable {
  readonly url: string;
  readonly requests: readonly SeenRequest[];
}

type Answer = (response: ServerResponse, request: SeenRequest, incoming: IncomingMessage) => unknown;

/** A real HTTP server in the vendor's place. */
export async function startUpstream(answer: Answer): Promise<LoopbackUpstream> {
  const requests: SeenRequest[] = [];
  const server = createServer((incoming, response) => {
    let body = "";
    incoming.setEncoding("utf8");
    incoming.on("data", (text: string) => (body += text));
    incoming.on("end", () => {
      const { method = "", url = "", headers, rawHeaders } = incoming;
      const seen = { method, url, headers, rawHeaders, body };
      requests.push(seen);
      answer(response, seen, incoming);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Where nothing listens any more. */
export async function closedUrl(): Promise<string> {
  await using upstream = await startUpstream(() => {});
  return upstream.url;
}
