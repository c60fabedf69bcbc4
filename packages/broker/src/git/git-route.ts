import { request as requestHttp } from "node:http";
import type { IncomingMessage, RequestOptions } from "node:http";
import { request as requestHttps } from "node:https";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { Logger } from "@agency/core";
import { vetHost } from "../address/public-address.ts";

export interface GitRouteDeps {
  /** The repository a task may read, or null. */
  repositoryOf: (taskId: string) => Promise<string | null>;
  /** An Authorization header for a host, or null. It is sent to that host only. */
  credentialFor: (host: string) => string | null;
  /** Hosts (`host` or `host:port`) on internal networks that may be read all the same. */
  internalHosts: readonly string[];
  logger: Logger;
}

export interface GitCaller {
  taskId: string;
}

export type GitRoute = (request: Request, path: string, caller: GitCaller) => Promise<Response>;

const MAX_REDIRECTS = 3;
const STALLED_MS = 120_000;

/**
 * Reading half of git over HTTP: `/<encoded repository URL>/info/refs?service=git-upload-pack` and
 * `/git-upload-pack`, streamed both ways. The credential is added here, outside the sandbox.
 */
export function createGitRoute(deps: GitRouteDeps): GitRoute {
  // A renamed repository answers the first request with a redirect; the second must go where that led.
  const moved = new Map<string, string>();
  return async (request, path, caller) => {
    const call = parse(request.method, path);
    if (call === null) return refusal(403, "Only reading a repository is possible here.");
    const allowed = await deps.repositoryOf(caller.taskId);
    if (allowed === null || allowed !== call.repository) {
      return refusal(403, `This task may not read ${call.repository}.`);
    }
    try {
      return await forward(deps, moved, call, request);
    } catch (error) {
      deps.logger.warn({ err: error, taskId: caller.taskId }, "the repository's host could not be reached");
      return refusal(502, `${new URL(call.repository).host} could not be reached.`);
    }
  };
}

interface GitCall {
  repository: string;
  rest: "/info/refs?service=git-upload-pack" | "/git-upload-pack";
  method: "GET" | "POST";
}

function parse(method: string, path: string): GitCall | null {
  const [, encoded, rest] = /^\/([^/?]+)(\/.*)$/.exec(path) ?? [];
  const repository = encoded === undefined ? null : decode(encoded);
  if (repository === null || !URL.canParse(repository)) return null;
  if (method === "GET" && rest === "/info/refs?service=git-upload-pack") return { repository, rest, method };
  if (method === "POST" && rest === "/git-upload-pack") return { repository, rest, method };
  return null;
}

function decode(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}

async function forward(
  deps: GitRouteDeps,
  moved: Map<string, string>,
  call: GitCall,
  request: Request,
): Promise<Response> {
  let base = moved.get(call.repository) ?? call.repository.replace(/\/$/, "");
  for (let hops = 0; hops <= MAX_REDIRECTS; hops += 1) {
    const url = new URL(base + call.rest);
    const allowInternal = deps.internalHosts.includes(url.host) || deps.internalHosts.includes(url.hostname);
    const vetted = await vetHost(url.hostname, allowInternal);
    if (!vetted.ok) return refusal(403, `The repository cannot be read: ${vetted.why}.`);
    const response = await send(deps, url, vetted.address, call, request);
    const next = redirectOf(response, call, url);
    if (next === null) return present(response, call);
    response.resume();
    base = next;
    moved.set(call.repository, base);
  }
  return refusal(502, "The repository's host redirects in circles.");
}

async function send(
  deps: GitRouteDeps,
  url: URL,
  address: string,
  call: GitCall,
  request: Request,
): Promise<IncomingMessage> {
  const secure = url.protocol === "https:";
  const credential = secure ? deps.credentialFor(url.hostname) : null;
  const options: RequestOptions & { servername?: string } = {
    host: address,
    port: url.port || (secure ? 443 : 80),
    method: call.method,
    path: url.pathname + url.search,
    headers: {
      ...passed(request),
      host: url.host,
      ...(credential === null ? {} : { authorization: credential }),
    },
    timeout: STALLED_MS,
    signal: request.signal,
    ...(secure ? { servername: url.hostname } : {}),
  };
  const outgoing = secure ? requestHttps(options) : requestHttp(options);
  outgoing.on("timeout", () => outgoing.destroy(new Error("the host stopped answering")));
  const answered = new Promise<IncomingMessage>((resolve, reject) => {
    outgoing.once("response", resolve);
    outgoing.on("error", reject);
  });
  if (request.body === null) outgoing.end();
  else {
    const body = Readable.fromWeb(request.body);
    // A host may answer before it has read everything; its answer counts, not the broken upload.
    void pipeline(body, outgoing).catch(() => undefined);
  }
  return answered;
}

function passed(request: Request): Record<string, string> {
  const names = ["accept", "content-type", "content-encoding", "content-length", "git-protocol"];
  const headers: Record<string, string> = { "user-agent": "git/agency" };
  for (const name of names) {
    const value = request.headers.get(name);
    if (value !== null) headers[name] = value;
  }
  return headers;
}

/** Only a redirect that keeps the shape of the request says where the repository went. */
function redirectOf(response: IncomingMessage, call: GitCall, from: URL): string | null {
  const { statusCode = 0, headers } = response;
  if (call.method !== "GET" || ![301, 302, 307, 308].includes(statusCode) || headers.location === undefined)
    return null;
  const target = URL.parse(headers.location, from)?.href ?? "";
  const safe = target.startsWith("https://") || from.protocol === "http:";
  return safe && target.endsWith(call.rest) ? target.slice(0, -call.rest.length) : null;
}

function present(response: IncomingMessage, call: GitCall): Response {
  const { statusCode = 502 } = response;
  if (statusCode >= 300) {
    response.resume();
    const missing = [401, 403, 404].includes(statusCode);
    return missing
      ? refusal(
          404,
          `${call.repository} does not exist, or reading it needs a credential that is not set here.`,
        )
      : refusal(502, `${new URL(call.repository).host} answered ${statusCode}.`);
  }
  const headers = new Headers({ "cache-control": "no-store" });
  for (const name of ["content-type", "content-encoding"]) {
    const value = response.headers[name];
    if (typeof value === "string") headers.set(name, value);
  }
  return new Response(Readable.toWeb(response), {
    status: statusCode,
    headers,
  });
}

/** git prints a plain-text body line by line behind `remote:`. */
function refusal(status: number, sentence: string): Response {
  return new Response(`${sentence}\n`, { status, headers: { "content-type": "text/plain; charset=utf-8" } });
}
