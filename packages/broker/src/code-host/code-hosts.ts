import { AgencyError } from "@agency/contract";
import { createRedactor, githubHost } from "@agency/core";
import type { ApiCaller, ApiCredential, CodeHost, Credentials } from "@agency/core";
import { isAllowedInternal } from "../git/upstream.ts";
import { repositoryOfUrl } from "../git/repository-address.ts";
import type { RepositoryAddress } from "../git/repository-address.ts";
import { callApi } from "./api-call.ts";
import type { ApiAnswer } from "./api-call.ts";
import { apiTrouble, noCredential, notUnderstood, unreachable } from "./api-trouble.ts";
import type { Attempted } from "./api-trouble.ts";
import { github } from "./github/github.ts";
import type { Attempt, HostedRepository } from "./host-api.ts";
import { createHostRecognition } from "./recognise-host.ts";
import type { HostKind } from "./recognise-host.ts";

export interface CodeHostDeps {
  readonly credentials: Pick<Credentials, "forApi">;
  readonly githubApiUrl: string;
  /** `host` or `host:port` of what may be on an internal network, and without encryption. */
  readonly internalHosts: readonly string[];
  readonly now: () => number;
}

/** GitHub, GitLab and Gitea. Credentials are added here, outside every sandbox. */
export function createCodeHosts(deps: CodeHostDeps): CodeHost {
  const githubApi = deps.githubApiUrl.replace(/\/+$/, "");
  const recognise = createHostRecognition((url) => send(deps, url, "GET", {}, undefined));

  async function kindOf({ scheme, host }: RepositoryAddress): Promise<HostKind | null> {
    if (host === githubHost(githubApi)) return { api: github, base: githubApi };
    if (host === "github.com") return { api: github, base: "https://api.github.com" };
    return recognise(`${scheme}://${host}`);
  }

  async function hosted(
    caller: ApiCaller,
    url: string,
  ): Promise<{ repository: HostedRepository; api: HostKind["api"] }> {
    const address = addressOf(deps, url);
    const { host, path } = address;
    const kind = await kindOf(address).catch((error: unknown) => {
      const attempted = { doing: `speak to ${host}`, host, hadCredential: false, scope: "" };
      throw unreachable(attempted, error);
    });
    if (kind === null) throw unknownHost(host);
    if (!kind.api.accepts(path)) throw noRepository(url);
    const credential = await deps.credentials.forApi(caller, { host, path });
    const attempt = (doing: string) => attemptAt(deps, kind, credential, { doing, host });
    return { repository: { path, url, attempt }, api: kind.api };
  }

  return {
    knows: (url) => {
      const address = repositoryOfUrl(url);
      return address !== null && isSafe(deps, address);
    },
    async pullRequest(caller, url, number) {
      const { repository, api } = await hosted(caller, url);
      return api.pullRequest(repository, number);
    },
    async open(caller, url, request) {
      const { repository, api } = await hosted(caller, url);
      return api.open(repository, request);
    },
    async review(caller, url, number, review) {
      const { repository, api } = await hosted(caller, url);
      return api.review(repository, number, review);
    },
  };
}

function attemptAt(
  deps: CodeHostDeps,
  { api, base }: HostKind,
  credential: ApiCredential | null,
  what: Pick<Attempted, "doing" | "host">,
): Attempt {
  const attempted: Attempted = { ...what, hadCredential: credential !== null, scope: api.scope };
  const secrets = credential === null ? [] : [{ name: "token", value: credential.token }];
  const { redactor } = createRedactor(secrets);
  const ask = async (method: "GET" | "POST", path: string, body?: unknown): Promise<ApiAnswer> => {
    try {
      const answer = await send(deps, new URL(base + path), method, api.headers(credential), body);
      // What a host says can quote what it was sent, and is shown to people.
      return { ...answer, json: answer.status < 400 ? answer.json : redactedJson(answer, redactor) };
    } catch (error) {
      throw unreachable(attempted, error);
    }
  };
  const trouble = (answer: ApiAnswer) => apiTrouble(answer, attempted, deps.now());
  return {
    get: (path) => ask("GET", path),
    async post(path, body) {
      if (credential === null) throw noCredential(attempted);
      return ask("POST", path, body);
    },
    async read(path) {
      const answer = await ask("GET", path);
      if (answer.status !== 200) throw trouble(answer);
      if (answer.json === undefined) throw notUnderstood(attempted);
      return answer.json;
    },
    trouble,
    notUnderstood: () => notUnderstood(attempted),
  };
}

function redactedJson({ text }: ApiAnswer, redactor: { redactText(text: string): string }): unknown {
  try {
    return JSON.parse(redactor.redactText(text));
  } catch {
    return undefined;
  }
}

function send(
  deps: CodeHostDeps,
  url: URL,
  method: "GET" | "POST",
  headers: Readonly<Record<string, string>>,
  body: unknown,
): Promise<ApiAnswer> {
  // The operator named this address: it may be an Enterprise server in the company's own network.
  const named = url.origin === URL.parse(deps.githubApiUrl)?.origin;
  const allowInternal = named || isAllowedInternal(url, deps.internalHosts);
  return callApi({ method, url, headers, body, allowInternal });
}

function addressOf(deps: CodeHostDeps, url: string): RepositoryAddress {
  const address = repositoryOfUrl(url);
  if (address === null) throw noRepository(url);
  if (isSafe(deps, address)) return address;
  throw new AgencyError("unsupported_option", `${url} is not encrypted: no token is sent there.`, {
    next: "Use the https address, or name the host in AGENCY_INTERNAL_HOSTS.",
  });
}

function isSafe(deps: CodeHostDeps, { scheme, url }: RepositoryAddress): boolean {
  return scheme === "https" || isAllowedInternal(new URL(url), deps.internalHosts);
}

function noRepository(url: string): AgencyError {
  return new AgencyError(
    "unsupported_option",
    `${url} is not the address of a repository with pull requests.`,
    {
      next: "It looks like https://github.com/owner/name.",
    },
  );
}

function unknownHost(host: string): AgencyError {
  return new AgencyError(
    "unsupported_option",
    `${host} is none of the hosts Agency can open pull requests on.`,
    {
      next: "Those are GitHub, GitLab, Gitea and Forgejo. For GitHub Enterprise set AGENCY_GITHUB_API_URL. Use --deliver branch for others.",
    },
  );
}
