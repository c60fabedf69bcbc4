import { createHash } from "node:crypto";
import { AgencyError } from "@agency/contract";
import { githubAppToken } from "./github-app-token.ts";
import type { GithubAppKey } from "./github-app-token.ts";
import { createTimedCache } from "./timed-cache.ts";

export interface GithubAppDeps {
  fetch: typeof fetch;
  githubApiUrl: string;
  now: () => number;
}

export interface GithubApp {
  /** A token for this one repository and nothing else, for an hour; null: the app is not installed there. */
  token(app: GithubAppKey, repository: { path: string; access: GithubAccess }): Promise<string | null>;
}

/** read, write: the files. api: pull requests and their reviews. */
export type GithubAccess = "read" | "write" | "api";

const PERMISSIONS: Record<GithubAccess, Record<string, "read" | "write">> = {
  read: { contents: "read" },
  write: { contents: "write" },
  api: { contents: "read", pull_requests: "write" },
};

interface InstallationToken {
  readonly token: string;
  readonly expiresAt: number;
}

/** A token is renewed while it still lasts: the clone it is for may take a while. */
const MARGIN_MS = 5 * 60_000;
/** An app that was just installed is found soon; a clone's many requests ask once. */
const ABSENT_FOR_MS = 60_000;
const PATIENCE_MS = 10_000;

export function createGithubApp(deps: GithubAppDeps): GithubApp {
  const tokens = createTimedCache<InstallationToken | null>(
    (known) => (known === null ? ABSENT_FOR_MS : known.expiresAt - MARGIN_MS - deps.now()),
    deps.now,
  );
  return {
    async token(app, { path, access }) {
      const repository = ownerAndName(path);
      if (repository === null) return null;
      const key = createHash("sha256")
        .update(JSON.stringify([app, repository, access]))
        .digest("base64");
      return (await tokens.get(key, () => mint(deps, app, repository, access)))?.token ?? null;
    },
  };
}

interface Repository {
  readonly owner: string;
  readonly name: string;
}

function ownerAndName(path: string): Repository | null {
  const [, owner, name] = /^\/*([\w.-]+)\/([\w.-]+?)(?:\.git)?\/*$/.exec(path) ?? [];
  if (owner === undefined || name === undefined || /^\.+$/.test(owner) || /^\.+$/.test(name)) return null;
  return { owner, name };
}

async function mint(
  deps: GithubAppDeps,
  app: GithubAppKey,
  { owner, name }: Repository,
  access: GithubAccess,
): Promise<InstallationToken | null> {
  const bearer = githubAppToken(app, deps.now());
  const installation = await call(deps, bearer, "GET", `/repos/${owner}/${name}/installation`);
  if (installation === null) return null;
  const id = field(installation, "id");
  if (typeof id !== "number") throw failed("GitHub named no installation");
  const body = { repositories: [name], permissions: PERMISSIONS[access] };
  const answer = await call(deps, bearer, "POST", `/app/installations/${id}/access_tokens`, body);
  const token = field(answer, "token");
  const expiresAt = Date.parse(String(field(answer, "expires_at")));
  if (typeof token !== "string" || Number.isNaN(expiresAt)) throw failed("GitHub gave no token");
  return { token, expiresAt };
}

/** Null: 404. */
async function call(
  deps: GithubAppDeps,
  bearer: string,
  method: string,
  path: string,
  body?: object,
): Promise<unknown> {
  const headers = {
    accept: "application/vnd.github+json",
    authorization: `Bearer ${bearer}`,
    "content-type": "application/json",
    "user-agent": "agency",
    "x-github-api-version": "2022-11-28",
  };
  const response = await reach(deps, path, {
    method,
    headers,
    redirect: "manual",
    signal: AbortSignal.timeout(PATIENCE_MS),
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  if (response.status === 404) return null;
  if (response.status === 401) throw failed("GitHub does not accept its private key");
  if (response.status === 422)
    throw failed("it was not granted the contents, or the pull requests, of this repository");
  if (!response.ok) throw failed(`GitHub answered ${response.status}`);
  return response.json;
}

async function reach(
  { fetch, githubApiUrl }: GithubAppDeps,
  path: string,
  request: RequestInit,
): Promise<{ ok: boolean; status: number; json: unknown }> {
  try {
    const response = await fetch(`${githubApiUrl}${path}`, request);
    const text = await response.text();
    return { ok: response.ok, status: response.status, json: response.ok ? JSON.parse(text) : null };
  } catch (error) {
    throw failed("GitHub cannot be reached, or did not answer with JSON", error);
  }
}

function field(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? Reflect.get(value, name) : undefined;
}

function failed(why: string, cause?: unknown): AgencyError {
  return new AgencyError("upstream_failed", `The GitHub App gave no token: ${why}.`, {
    next: "Look at the app's installation and keys on GitHub, or store a GITHUB_TOKEN.",
    cause,
  });
}
