import { request as requestHttp } from "node:http";
import type { IncomingMessage, RequestOptions } from "node:http";
import { request as requestHttps } from "node:https";
import { isIP } from "node:net";
import { vetHost } from "../address/public-address.ts";
import { sendBody } from "./byte-stream.ts";
import type { Bytes } from "./byte-stream.ts";

const STALLED_MS = 120_000;

export interface UpstreamRequest {
  readonly method: "GET" | "POST" | "PUT";
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Bytes | null;
  readonly signal: AbortSignal;
  readonly allowInternalHosts: readonly string[];
}

export type Reached =
  | { readonly ok: true; readonly response: IncomingMessage }
  /** Nothing was sent. */
  | { readonly ok: false; readonly why: string };

export function isAllowedInternal(url: URL, allowed: readonly string[]): boolean {
  return allowed.includes(url.host) || allowed.includes(url.hostname);
}

/** Dials the very address that was judged, so a name that answers differently the second time gains nothing. */
export async function callUpstream(call: UpstreamRequest): Promise<Reached> {
  const { url } = call;
  const vetted = await vetHost(url.hostname, isAllowedInternal(url, call.allowInternalHosts));
  if (!vetted.ok) return vetted;
  call.signal.throwIfAborted();
  const secure = url.protocol === "https:";
  const options: RequestOptions & { servername?: string } = {
    host: vetted.address,
    port: url.port || (secure ? 443 : 80),
    method: call.method,
    path: url.pathname + url.search,
    headers: { ...call.headers, "user-agent": "git/2 (agency)", host: url.host },
    timeout: STALLED_MS,
    signal: call.signal,
    agent: false,
    ...(secure && isName(url.hostname) ? { servername: url.hostname } : {}),
  };
  const outgoing = secure ? requestHttps(options) : requestHttp(options);
  outgoing.on("timeout", () => outgoing.destroy(new Error("the host stopped answering")));
  const answered = new Promise<IncomingMessage>((resolve, reject) => {
    outgoing.once("response", resolve);
    outgoing.on("error", reject);
  });
  if (call.body === null) outgoing.end();
  else void sendBody(call.body, outgoing, call.signal);
  return { ok: true, response: await answered };
}

function isName(hostname: string): boolean {
  return isIP(hostname.replace(/^\[(.*)\]$/, "$1")) === 0;
}

/** Where a redirect leads; null when it is none, and for one that gives up encryption. */
export function redirectOf(response: IncomingMessage, from: URL): URL | null {
  const { statusCode = 0, headers } = response;
  if (![301, 302, 303, 307, 308].includes(statusCode) || headers.location === undefined) return null;
  const target = URL.parse(headers.location, from);
  if (target === null || target.username !== "" || target.password !== "") return null;
  const safe = target.protocol === "https:" || (target.protocol === "http:" && from.protocol === "http:");
  return safe ? target : null;
}
