/** Where a caller's model calls go. */
export type ModelUpstream =
  | {
      /** Without `/v1`. May hold a user and a password; they are sent as such, never shown. */
      baseUrl: string;
      /** The real credential. */
      headers: Record<string, string>;
      fetch?: typeof globalThis.fetch;
    }
  /** Served in this process: the scripted model of a demo. */
  | { handle: (request: Request) => Promise<Response> }
  /** No credential: a sentence for the engine to show, with what to do. */
  | { refused: string };

export type OpenUpstream = Exclude<ModelUpstream, { refused: string }>;

export interface UpstreamRequest {
  method: string;
  path: string;
  /** With its question mark, or empty. */
  query: string;
  body: Uint8Array<ArrayBuffer> | null;
  signal: AbortSignal;
}

export type UpstreamFailure =
  | { failed: "malformed" | "redirected" | "aborted" }
  | { failed: "slow" | "unreachable"; code: string };

/**
 * Asks the vendor. Failures are codes and nothing else: what fetch throws can name the URL with its password,
 * and what Headers throws the key itself.
 */
export async function askUpstream(
  upstream: OpenUpstream,
  request: UpstreamRequest,
  headersFor: (credential: Record<string, string>) => Headers,
  defaultFetch: typeof globalThis.fetch,
): Promise<{ response: Response } | UpstreamFailure> {
  let send: () => Promise<Response>;
  try {
    send = prepare(upstream, request, headersFor, defaultFetch);
  } catch {
    return { failed: "malformed" };
  }
  try {
    const response = await send();
    if (response.status >= 200 && (response.status < 300 || response.status >= 400)) return { response };
    await response.body?.cancel();
    return { failed: "redirected" };
  } catch (error) {
    return request.signal.aborted ? { failed: "aborted" } : failureOf(error);
  }
}

function prepare(
  upstream: OpenUpstream,
  { method, path, query, body, signal }: UpstreamRequest,
  headersFor: (credential: Record<string, string>) => Headers,
  defaultFetch: typeof globalThis.fetch,
): () => Promise<Response> {
  if ("handle" in upstream) {
    const url = `http://model.invalid${path}${query}`;
    const request = new Request(url, { method, headers: headersFor({}), body, signal });
    return () => upstream.handle(request);
  }
  const { url, credential } = addressOf(upstream.baseUrl, path, query);
  const headers = headersFor({ ...credential, ...upstream.headers });
  const send = upstream.fetch ?? defaultFetch;
  return () => send(url, { method, headers, body, signal, redirect: "manual" });
}

function addressOf(
  baseUrl: string,
  path: string,
  query: string,
): { url: string; credential: Record<string, string> } {
  const url = new URL(baseUrl);
  if (url.protocol !== "https:" && url.protocol !== "http:") throw new TypeError("not a web address");
  const { username, password } = url;
  url.username = "";
  url.password = "";
  url.hash = "";
  url.pathname = url.pathname.replace(/\/*(?:\/v1)?\/*$/, "") + path;
  for (const [name, value] of new URLSearchParams(query)) url.searchParams.append(name, value);
  if (username === "" && password === "") return { url: url.href, credential: {} };
  const basic = btoa(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`);
  return { url: url.href, credential: { authorization: `Basic ${basic}` } };
}

const TIMEOUTS = new Set([
  "UND_ERR_HEADERS_TIMEOUT",
  "UND_ERR_CONNECT_TIMEOUT",
  "UND_ERR_BODY_TIMEOUT",
  "ETIMEDOUT",
]);

function failureOf(error: unknown): UpstreamFailure {
  const code = codeOf(error instanceof Error ? error.cause : undefined) ?? codeOf(error) ?? "network error";
  return { failed: TIMEOUTS.has(code) ? "slow" : "unreachable", code };
}

function codeOf(error: unknown): string | null {
  if (!(error instanceof Error) || !("code" in error) || typeof error.code !== "string") return null;
  return /^[A-Z0-9_]{1,60}$/.test(error.code) ? error.code : null;
}

/** What must not come back in an answer, when a gateway quotes what it was given. */
export function secretsOf(upstream: OpenUpstream): string[] {
  if ("handle" in upstream) return [];
  const headers = Object.entries(upstream.headers).filter(
    ([name]) => name.toLowerCase() !== "anthropic-beta",
  );
  const { password, searchParams } = new URL(upstream.baseUrl);
  return [
    ...headers.map(([, value]) => value.replace(/^bearer +/i, "")),
    decodeURIComponent(password),
    ...searchParams.values(),
  ];
}
