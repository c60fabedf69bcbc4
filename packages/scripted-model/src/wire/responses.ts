import { randomBytes } from "node:crypto";

export function json(body: unknown): Response {
  return Response.json(body, { headers: { "request-id": newRequestId() } });
}

export function stream(body: ReadableStream<Uint8Array>, contentType: string): Response {
  return new Response(body, {
    headers: { "content-type": contentType, "cache-control": "no-cache", "request-id": newRequestId() },
  });
}

export function newRequestId(): string {
  return `req_${randomBytes(12).toString("hex")}`;
}
