import type { AttemptCaller, Credentials, Fence, Logger } from "@agency/core";
import { createConnectionCount } from "../egress/connection-count.ts";
import { attemptKey } from "../reports/attempt-reports.ts";
import { gitAnswer } from "./git-answer.ts";
import { parseGitRequest } from "./git-request.ts";
import type { GitRequest, GitService } from "./git-request.ts";
import { carryObject } from "./lfs-object-route.ts";
import { createLfsObjects } from "./lfs-objects.ts";
import { answerBatch, answerLocksVerify } from "./lfs-route.ts";
import type { LfsParts } from "./lfs-route.ts";
import { push } from "./push-route.ts";
import { lfsRefusal, refusal } from "./refusal.ts";
import { CredentialUnavailable, createRepositoryHost } from "./repository-host.ts";
import type { RepositoryCall, RepositoryHost } from "./repository-host.ts";
import { accessTo } from "./rights.ts";
import type { GitRights } from "./rights.ts";
import { startTransfer } from "./transfer.ts";
import type { GitTransfer, ReportTransfer, Transfer } from "./transfer.ts";

export interface GitRouteDeps {
  /** Looked up for each request; null when there is no such task. */
  readonly rightsOf: (caller: AttemptCaller) => Promise<GitRights | null>;
  readonly credentials: Pick<Credentials, "forGit">;
  readonly fence: Fence;
  readonly report: ReportTransfer;
  readonly logger: Logger;
  readonly now: () => number;
}

/** `path`: what follows `/git`, query and all, as it came. */
export type GitRoute = (request: Request, path: string, caller: AttemptCaller) => Promise<Response>;

const TRANSFERS = { perAttempt: 256, inAll: 4_000 };

type OfRepository = Exclude<GitRequest, { kind: "lfs-object" }>;
type Subject = Pick<GitTransfer, "host" | "repository" | "action">;

/**
 * git over HTTP as a sandbox sees it: reading, pushing to the task's own refs and LFS, streamed both ways with
 * the credential added outside. Dumb HTTP and everything else of a git host stay closed.
 */
export function createGitRoute(deps: GitRouteDeps): GitRoute {
  const objects = createLfsObjects(deps.now);
  const count = createConnectionCount(TRANSFERS);
  const parts = { host: createRepositoryHost(deps.credentials), objects, now: deps.now };

  async function begin(
    asked: Subject & { isQuestion: boolean },
    request: Request,
    caller: AttemptCaller,
    serve: (transfer: Transfer, rights: GitRights) => Promise<Response>,
  ): Promise<Response> {
    const { isQuestion, ...subject } = asked;
    const refuse = subject.action === "lfs" ? lfsRefusal : refusal;
    const { fence, report } = deps;
    const unknown = "There is no such task.";
    const place = count.enter(attemptKey(caller));
    if (typeof place !== "function") {
      report(caller, { ...subject, bytesIn: 0, bytesOut: 0, verdict: "denied", reason: place.message });
      return refuse(429, place.message);
    }
    const client = request.signal;
    const transfer = startTransfer({ fence, report, over: place, caller, client, subject, isQuestion });
    try {
      const rights = await deps.rightsOf(caller);
      if (rights === null) return transfer.deny(unknown, refuse(403, unknown));
      if (transfer.signal.aborted) return transfer.fail("", refuse(410, "This attempt is over."));
      return await serve(transfer, rights);
    } catch (error) {
      const isOurs = error instanceof CredentialUnavailable;
      const sentence = isOurs ? error.message : `${subject.host} could not be reached.`;
      const facts = { err: error, taskId: caller.taskId, host: subject.host };
      if (!transfer.signal.aborted) deps.logger.warn(facts, "a git request failed");
      return transfer.fail(sentence, refuse(502, sentence));
    }
  }

  return async (request, path, caller) => {
    const asked = parseGitRequest(request.method, path);
    if (asked === null)
      return refusal(403, "Only reading, pushing and LFS of a repository are possible here.");
    if (asked.kind === "lfs-object") {
      const object = objects.find(caller, asked.id);
      if (object === null)
        return lfsRefusal(404, "This address is not known or has expired. Ask for a new one.");
      const subject = {
        host: object.url.host,
        repository: object.repository,
        action: "lfs",
        isQuestion: false,
      } as const;
      return begin(subject, request, caller, (transfer, rights) =>
        carryObject(request, transfer, object, rights.allowInternalHosts),
      );
    }
    return begin(subjectOf(asked), request, caller, (transfer, rights) =>
      serveRepository(parts, { asked, request, transfer, rights }),
    );
  };
}

interface Asked {
  readonly asked: OfRepository;
  readonly request: Request;
  readonly transfer: Transfer;
  readonly rights: GitRights;
}

async function serveRepository(
  parts: LfsParts,
  { asked, request, transfer, rights }: Asked,
): Promise<Response> {
  const write = asked.kind === "push" || (asked.kind === "refs" && asked.service === "git-receive-pack");
  const access = accessTo(rights, asked.repository, write || asked.kind === "lfs-locks-verify");
  const refuse = subjectOf(asked).action === "lfs" ? lfsRefusal : refusal;
  if (!access.ok) return transfer.deny(access.why, refuse(403, access.why));
  const { host } = parts;
  const { repository, withCredential } = access;
  const { allowInternalHosts } = rights;
  const call: RepositoryCall = { transfer, repository, withCredential, write, allowInternalHosts };
  switch (asked.kind) {
    case "refs":
      return askRefs(host, call, asked.service, request);
    case "fetch":
      return fetchPack(host, call, request);
    case "push":
      return push(host, call, request, rights.repository?.pushBranch);
    case "lfs-batch": {
      const mayUpload = accessTo(rights, asked.repository, true).ok;
      return answerBatch(parts, call, request, mayUpload);
    }
    case "lfs-locks-verify":
      return answerLocksVerify(host, { ...call, write: true }, request);
  }
}

async function askRefs(
  host: RepositoryHost,
  call: RepositoryCall,
  service: GitService,
  request: Request,
): Promise<Response> {
  const answer = await host.refs(call, service, protocolOf(request));
  return gitAnswer(call, answer, `application/x-${service}-advertisement`);
}

async function fetchPack(host: RepositoryHost, call: RepositoryCall, request: Request): Promise<Response> {
  const empty = "This request has no body.";
  if (request.body === null) return call.transfer.deny(empty, refusal(400, empty));
  const kept: Record<string, string> = {};
  for (const name of ["content-encoding", "content-length"]) {
    const value = request.headers.get(name);
    if (value !== null) kept[name] = value;
  }
  const answer = await host.post(call, {
    service: "git-upload-pack",
    ending: "/git-upload-pack",
    headers: {
      ...protocolOf(request),
      ...kept,
      "content-type": "application/x-git-upload-pack-request",
      accept: "application/x-git-upload-pack-result",
    },
    body: call.transfer.counted(request.body),
  });
  return gitAnswer(call, answer, "application/x-git-upload-pack-result");
}

function protocolOf(request: Request): Record<string, string> {
  const version = request.headers.get("git-protocol");
  return version !== null && /^version=[012]$/.test(version) ? { "git-protocol": version } : {};
}

function subjectOf({ kind, repository, ...rest }: OfRepository): Subject & { isQuestion: boolean } {
  const pushes = kind === "push" || ("service" in rest && rest.service === "git-receive-pack");
  const action = kind.startsWith("lfs") ? "lfs" : pushes ? "push" : "fetch";
  const isQuestion = kind === "refs" || kind === "lfs-batch" || kind === "lfs-locks-verify";
  return { host: repository.host, repository: repository.url, action, isQuestion };
}
