import type { Endpoint } from "../vendor.ts";

const MODEL_ID = /^\/v1\/models\/[A-Za-z0-9][A-Za-z0-9._:@-]{0,127}$/;

export const RESPONSES = "/v1/responses";
export const CHAT = "/v1/chat/completions";

/** What of the vendor's API is open to an engine: no files, no stored answers, nothing that runs on unseen. */
export function findEndpoint(method: string, path: string): Endpoint | null {
  if (method === "POST" && (path === RESPONSES || path === CHAT)) return { kind: "billed", path, query: [] };
  if (method === "GET" && (path === "/v1/models" || MODEL_ID.test(path)))
    return { kind: "free", path, query: [], hasBody: false };
  return null;
}
