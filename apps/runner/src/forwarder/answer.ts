import type { ClientRequest, IncomingMessage, ServerResponse } from "node:http";
import { pipeline } from "node:stream";
import { responseHeaders } from "./forward-headers.ts";
import { statusLine } from "./status-line.ts";

/** The head of the answer; null when the connection broke before there was one. */
export function answerOf(upstream: ClientRequest): Promise<IncomingMessage | null> {
  return new Promise((resolve) => {
    upstream.once("response", resolve);
    // Stays for good: an error after the answer is seen as a cut answer, and must not be an uncaught one.
    upstream.on("error", () => resolve(null));
  });
}

export function passOn(response: IncomingMessage | null, outgoing: ServerResponse): void {
  if (response === null)
    return refuse(outgoing, 502, "api_error", "The connection to the control plane broke.");
  outgoing.writeHead(...statusLine(response), responseHeaders(response.rawHeaders));
  outgoing.flushHeaders();
  // On an answer cut short the pipeline destroys ours too: the engine must see a cut, not an end.
  pipeline(response, outgoing, () => undefined);
}

/** In the shape of the Anthropic API, so that the engine shows the message; git shows the status. */
export function refuse(outgoing: ServerResponse, status: number, type: string, message: string): void {
  const body = JSON.stringify({ type: "error", error: { type, message } });
  outgoing.writeHead(status, { "content-type": "application/json", connection: "close" }).end(body);
}
