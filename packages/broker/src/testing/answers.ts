import { expect } from "vitest";
import { startUpstream } from "./loopback-upstream.ts";
import type { LoopbackUpstream } from "./loopback-upstream.ts";
import { wholeMessage } from "./messages.ts";

export const STREAM = { "content-type": "text/event-stream", "request-id": "req_1" };

export const streamingUpstream = (): Promise<LoopbackUpstream> =>
  startUpstream((response) => response.writeHead(200, STREAM).end(wholeMessage()));

export async function errorOf(
  response: Response,
): Promise<{ status: number; type: string; message: string; retry: string | null }> {
  expect(response.headers.get("content-type")).toBe("application/json");
  const body = (await response.json()) as { type: string; error: { type: string; message: string } };
  expect(body.type).toBe("error");
  return { status: response.status, ...body.error, retry: response.headers.get("x-should-retry") };
}
