import type { IncomingMessage } from "node:http";
import type { Credentials } from "@agency/core";
import type { Bytes } from "./byte-stream.ts";
import type { GitService } from "./git-request.ts";
import type { RepositoryAddress } from "./repository-address.ts";
import type { Transfer } from "./transfer.ts";
import { callUpstream, isAllowedInternal, redirectOf } from "./upstream.ts";
import type { UpstreamRequest } from "./upstream.ts";

/** One request of a task to a repository it has access to. */
export interface RepositoryCall {
  readonly transfer: Transfer;
  readonly repository: RepositoryAddress;
  readonly withCredential: boolean;
  readonly write: boolean;
  readonly allowInternalHosts: readonly string[];
}

export interface RepositoryPost {
  readonly service: GitService;
  /** What follows the repository's address. */
  readonly ending: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Bytes;
}

export type HostAnswer =
  | { readonly ok: true; readonly response: IncomingMessage; readonly url: URL }
  | { readonly ok: false; readonly status: number; readonly why: string };

export interface RepositoryHost {
  refs(call: RepositoryCall, service: GitService, headers: Record<string, string>): Promise<HostAnswer>;
  post(call: RepositoryCall, post: RepositoryPost): Promise<HostAnswer>;
  /** The Authorization header for an address, or null when it may not have one. */
  authorization(call: RepositoryCall, url: URL): Promise<string | null>;
}

const MAX_REDIRECTS = 3;
const MAX_KNOWN = 5_000;

/** The credential exists but could not be made ready, as a GitHub App's token when GitHub is down. */
export class CredentialUnavailable extends Error {
  override readonly name = "CredentialUnavailable";
}

type Authorize = RepositoryHost["authorization"];

/** Talks to the host of a repository. The credential is added here, outside the sandbox. */
export function createRepositoryHost(credentials: Pick<Credentials, "forGit">): RepositoryHost {
  // A renamed repository answers the first request with a redirect; what follows must go where that led.
  const found = new Map<string, string>();

  /** Never to where a redirect led away from the host, and only where it cannot be overheard. */
  const authorization: Authorize = async (call, url) => {
    const { host, path } = call.repository;
    if (!call.withCredential || url.host !== host) return null;
    if (url.protocol !== "https:" && !isAllowedInternal(url, call.allowInternalHosts)) return null;
    const { taskId, accountId } = call.transfer.caller;
    try {
      return await credentials.forGit({ taskId, accountId }, { host, path, write: call.write });
    } catch (cause) {
      const message = `The credential for ${host} could not be made ready: try again, or set a new one (${secretFor(host)}).`;
      throw new CredentialUnavailable(message, { cause });
    }
  };

  const refs: RepositoryHost["refs"] = async (call, service, headers) => {
    const ending = `/info/refs?service=${service}`;
    let base = call.repository.url;
    for (let hops = 0; hops <= MAX_REDIRECTS; hops += 1) {
      const url = new URL(base + ending);
      const { answer, redirect } = await send(authorization, call, {
        method: "GET",
        url,
        headers,
        body: null,
      });
      if (answer.ok) remember(found, keyOf(call), base);
      // Only a redirect that keeps the shape of the request says where the repository went.
      if (redirect === null || !redirect.href.endsWith(ending)) return answer;
      base = redirect.href.slice(0, -ending.length);
    }
    return { ok: false, status: 502, why: `${call.repository.host} redirects in circles.` };
  };

  const post: RepositoryHost["post"] = async (call, { service, ending, headers, body }) => {
    if (!found.has(keyOf(call))) {
      // The first request may have been another process's: only a question without a body shows a redirect.
      const asked = await refs(call, service, {});
      if (!asked.ok) return asked;
      asked.response.destroy();
    }
    const base = found.get(keyOf(call)) ?? call.repository.url;
    const named = ending.startsWith("/info/lfs/") && !base.endsWith(".git") ? `${base}.git` : base;
    const url = new URL(named + ending);
    return (await send(authorization, call, { method: "POST", url, headers, body })).answer;
  };

  return { refs, post, authorization };
}

async function send(
  authorize: Authorize,
  call: RepositoryCall,
  request: Pick<UpstreamRequest, "method" | "url" | "headers" | "body">,
): Promise<{ answer: HostAnswer; redirect: URL | null }> {
  const credential = await authorize(call, request.url);
  const reached = await callUpstream({
    ...request,
    headers: { ...request.headers, ...(credential === null ? {} : { authorization: credential }) },
    signal: call.transfer.signal,
    allowInternalHosts: call.allowInternalHosts,
  });
  if (!reached.ok) {
    const why = `The repository cannot be used: ${reached.why}.`;
    return { answer: { ok: false, status: 403, why }, redirect: null };
  }
  const { response } = reached;
  const { statusCode: status = 502 } = response;
  if (status < 300) return { answer: { ok: true, response, url: request.url }, redirect: null };
  response.destroy();
  const why = whyRefused(call, status, credential !== null);
  const ours = [401, 403, 404].includes(status) ? 404 : 502;
  return { answer: { ok: false, status: ours, why }, redirect: redirectOf(response, request.url) };
}

function keyOf({ transfer, repository }: RepositoryCall): string {
  return `${transfer.caller.taskId} ${repository.url}`;
}

function remember(found: Map<string, string>, key: string, base: string): void {
  found.delete(key);
  found.set(key, base);
  const [oldest] = found.keys();
  if (found.size > MAX_KNOWN && oldest !== undefined) found.delete(oldest);
}

/** The command that stores a credential for the host. */
function secretFor(host: string): string {
  return host === "github.com" ? "`agency login github`" : `\`agency secrets set GIT_TOKEN@${host}\``;
}

function whyRefused(call: RepositoryCall, status: number, hadCredential: boolean): string {
  const { host, url } = call.repository;
  const doing = call.write ? "pushing to it" : "reading it";
  if (hadCredential && status === 401) {
    return `${host} does not accept the credential that is set for it. Set a new one: ${secretFor(host)}.`;
  }
  if (![401, 403, 404].includes(status)) return `${host} answered ${status}.`;
  if (hadCredential) return `${url} does not exist, or the credential for ${host} does not allow ${doing}.`;
  if (call.withCredential) {
    return `${url} does not exist, or ${doing} needs a credential that is not set here: ${secretFor(host)}.`;
  }
  return `${url} does not exist or is private. Name it in the task's \`repositories\` (--also) to read it with the credential of ${host}.`;
}
