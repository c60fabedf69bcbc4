import { sendHttp } from "./send-http.ts";
import type { UpstreamAnswer } from "./send-http.ts";
import type { VendorApi } from "./vendor.ts";

/** Where a call goes, and with which credential. */
export type ModelUpstream =
  | {
      /** May hold a user and a password; they are sent as such, never shown. */
      readonly baseUrl: string;
      /** The real credential. */
      readonly headers: Record<string, string>;
    }
  /** Served in this process: the scripted model of a demo. */
  | { readonly handle: (request: Request) => Promise<Response> };

export interface UpstreamRequest {
  method: string;
  path: string;
  /** With its question mark, or empty. */
  query: string;
  body: Uint8Array<ArrayBuffer> | null;
  signal: AbortSignal;
  headersMs: number;
}

export type UpstreamFailure =
  | { failed: "malformed" | "redirected" | "aborted" }
  | { failed: "slow" | "unreachable"; code: string };

/**
 * Asks the vendor. Failures are codes and nothing else: what is thrown on the way can name the URL with its
 * password, and what Headers throws the key itself.
 */
export async function askUpstream(
  vendor: VendorApi,
  upstream: ModelUpstream,
  request: UpstreamRequest,
  headersFor: (credential: Record<string, string>) => Headers,
): Promise<{ answer: UpstreamAnswer } | UpstreamFailure> {
  let send: () => Promise<UpstreamAnswer>;
  try {
    send = prepare(vendor, upstream, request, headersFor);
  } catch {
    return { failed: "malformed" };
  }
  try {
    const answer = await send();
    if (answer.status >= 200 && (answer.status < 300 || answer.status >= 400)) return { answer };
    await answer.body?.cancel();
    return { failed: "redirected" };
  } catch (error) {
    return request.signal.aborted ? { failed: "aborted" } : failureOf(error);
  }
}

function prepare(
  vendor: VendorApi,
  upstream: ModelUpstream,
  ask: UpstreamRequest,
  headersFor: (credential: Record<string, string>) => Headers,
): () => Promise<UpstreamAnswer> {
  const { method, path, query, body, signal, headersMs } = ask;
  if ("handle" in upstream) {
    const url = `http://model.invalid${path}${query}`;
    const request = new Request(url, { method, headers: headersFor({}), body, signal });
    return () => upstream.handle(request);
  }
  const { url, credential } = addressOf(vendor, upstream.baseUrl, path, query);
  const headers = headersFor({ ...credential, ...upstream.headers });
  return () => sendHttp(url, { method, headers, body, signal, headersMs });
}

function addressOf(
  vendor: VendorApi,
  baseUrl: string,
  path: string,
  query: string,
): { url: URL; credential: Record<string, string> } {
  const url = new URL(baseUrl);
  if (url.protocol !== "https:" && url.protocol !== "http:") throw new TypeError("not a web address");
  const { username, password } = url;
  url.username = "";
  url.password = "";
  url.hash = "";
  url.pathname = vendor.address(url.pathname.replace(/\/+$/, ""), path);
  for (const [name, value] of new URLSearchParams(query)) url.searchParams.append(name, value);
  if (username === "" && password === "") return { url, credential: {} };
  const basic = btoa(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`);
  return { url, credential: { authorization: `Basic ${basic}` } };
}

const TIMEOUTS = new Set(["HEADERS_TIMEOUT", "ETIMEDOUT"]);

function failureOf(error: unknown): UpstreamFailure {
  const code = codeOf(error) ?? "network error";
  return { failed: TIMEOUTS.has(code) ? "slow" : "unreachable", code };
}

function codeOf(error: unknown): string | null {
  if (!(error instanceof Error) || !("code" in error) || typeof error.code !== "string") return null;
  return /^[A-Z0-9_]{1,60}$/.test(error.code) ? error.code : null;
}

/** What must not come back in an answer, when a gateway quotes what it was given. */
export function secretsOf(vendor: VendorApi, upstream: ModelUpstream): string[] {
  if ("handle" in upstream) return [];
  const headers = Object.entries(upstream.headers).filter(
    ([name]) => name.toLowerCase() !== vendor.headers.joined,
  );
  const { password, searchParams } = new URL(upstream.baseUrl);
  return [
    ...headers.map(([, value]) => value.replace(/^bearer +/i, "")),
    decodeURIComponent(password),
    // Azure's is a date, which answers are full of.
    ...[...searchParams].flatMap(([name, value]) => (name.toLowerCase() === "api-version" ? [] : [value])),
  ];
}
