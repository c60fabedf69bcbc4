/** Only what is named goes through, so that no credential for anything else does. */
const REQUEST = new Set([
  "accept",
  "user-agent",
  "anthropic-version",
  "anthropic-beta",
  "anthropic-dangerous-direct-browser-access",
  "x-app",
  "x-client-request-id",
]);
const REQUEST_PREFIXES = ["x-stainless-", "x-claude-code-"];

const RESPONSE = new Set(["content-type", "request-id", "retry-after", "retry-after-ms", "x-should-retry"]);
const RESPONSE_PREFIXES = ["anthropic-ratelimit-"];

/** The engine's headers as the vendor gets them, with the real credential. Throws when that is not a header. */
export function upstreamHeaders(
  from: Headers,
  credential: Record<string, string>,
  hasBody: boolean,
): Headers {
  const headers = pick(from, REQUEST, REQUEST_PREFIXES);
  // Compressed, the usage could not be read as it passes.
  headers.set("accept-encoding", "identity");
  if (hasBody) headers.set("content-type", "application/json");
  for (const [name, value] of Object.entries(credential)) {
    headers.set(name, name.toLowerCase() === "anthropic-beta" ? joinBetas(headers.get(name), value) : value);
  }
  return headers;
}

/** Lengths and encodings are left out: fetch has decoded the body, and who serves it frames it anew. */
export function engineHeaders(from: Headers): Headers {
  return pick(from, RESPONSE, RESPONSE_PREFIXES);
}

function pick(from: Headers, names: ReadonlySet<string>, prefixes: readonly string[]): Headers {
  const picked = new Headers();
  for (const [name, value] of from) {
    if (names.has(name) || prefixes.some((prefix) => name.startsWith(prefix))) picked.set(name, value);
  }
  return picked;
}

function joinBetas(asked: string | null, added: string): string {
  const all = `${asked ?? ""},${added}`.split(",").map((beta) => beta.trim());
  return [...new Set(all.filter((beta) => beta !== ""))].join(",");
}
