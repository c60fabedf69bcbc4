import type { Endpoint } from "../vendor.ts";

const PAGE = ["limit", "before_id", "after_id"];
const MODEL_ID = /^\/v1\/models\/[A-Za-z0-9][A-Za-z0-9._:@-]{0,127}$/;

/**
 * What of the vendor's API is open to an engine. Everything else, files and batches first of all, is a way out.
 * Exact paths only: no other spelling of one, encoded or dotted, is the same to us.
 */
export function findEndpoint(method: string, path: string): Endpoint | null {
  switch (`${method} ${path}`) {
    case "HEAD /":
    case "GET /api/hello":
      return { kind: "hello" };
    case "POST /v1/messages":
      return { kind: "billed", path, query: ["beta"] };
    case "POST /v1/messages/count_tokens":
      return { kind: "free", path, query: ["beta"], hasBody: true };
    case "GET /v1/models":
      return { kind: "free", path, query: [...PAGE, "beta"], hasBody: false };
    default:
      return method === "GET" && MODEL_ID.test(path)
        ? { kind: "free", path, query: ["beta"], hasBody: false }
        : null;
  }
}
