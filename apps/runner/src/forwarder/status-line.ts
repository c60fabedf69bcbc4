import type { IncomingMessage } from "node:http";

/**
 * What of a server's first line can be said again. The parser takes any three digits and any byte but a line's end;
 * writing them throws, and from an event's listener that would end the runner.
 */
export function statusLine({ statusCode = 502, statusMessage = "" }: IncomingMessage): [number, string] {
  return [statusCode < 100 ? 502 : statusCode, statusMessage.replaceAll(/[^\t\x20-\x7e]/g, "?")];
}
