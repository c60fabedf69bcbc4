/** What of the vendor's API is open to an engine. Everything else, files and batches first of all, is a way out. */
export type Endpoint =
  | { kind: "hello" }
  | { kind: "messages" | "count_tokens" | "models"; path: string; query: readonly string[] };

const PAGE = ["limit", "before_id", "after_id"];
const MODEL_ID = /^\/v1\/models\/[A-Za-z0-9][A-Za-z0-9._:@-]{0,127}$/;

/** Exact paths only: no other spelling of one, encoded or dotted, is the same to us. */
export function findEndpoint(method: string, path: string): Endpoint | null {
  switch (`${method} ${path}`) {
    case "HEAD /":
    case "GET /api/hello":
      return { kind: "hello" };
    case "POST /v1/messages":
      return { kind: "messages", path, query: ["beta"] };
    case "POST /v1/messages/count_tokens":
      return { kind: "count_tokens", path, query: ["beta"] };
    case "GET /v1/models":
      return { kind: "models", path, query: [...PAGE, "beta"] };
    default:
      return method === "GET" && MODEL_ID.test(path) ? { kind: "models", path, query: ["beta"] } : null;
  }
}

/** The parameters an endpoint knows, and no others. */
export function knownQuery(url: string, names: readonly string[]): string {
  const known = new URLSearchParams();
  for (const [name, value] of new URL(url).searchParams) if (names.includes(name)) known.append(name, value);
  const text = known.toString();
  return text === "" ? "" : `?${text}`;
}
