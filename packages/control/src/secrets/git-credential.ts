import { githubHost } from "@agency/core";
import type { Logger } from "@agency/core";
import { appAt, valueOf } from "./github-app-at.ts";
import { createGithubApp } from "./github-app.ts";
import type { GithubAccess, GithubAppDeps } from "./github-app.ts";
import type { OpenSecret } from "./vault.ts";

export interface GitCredentialDeps extends GithubAppDeps {
  logger: Logger;
}

export interface GitRepository {
  readonly host: string;
  readonly path: string;
  readonly access: GithubAccess;
}

/** As it is stored: a token, or `user:password`. */
export interface GitCredential {
  readonly value: string;
  readonly github: boolean;
}

type Levels = readonly (readonly OpenSecret[])[];

/**
 * The nearest level that has one; within it what is said for the host itself, then the GitHub App, whose tokens open
 * one repository for an hour, then GITHUB_TOKEN, where the app is not installed.
 */
export function createGitCredential(
  deps: GitCredentialDeps,
): (levels: Levels, repository: GitRepository) => Promise<GitCredential | null> {
  const github = githubHost(deps.githubApiUrl);
  const apps = createGithubApp(deps);

  async function appToken(level: readonly OpenSecret[], repository: GitRepository): Promise<AppOutcome> {
    const app = appAt(level);
    if (app === null) return { token: null };
    try {
      return { token: await apps.token(app, repository) };
    } catch (error) {
      deps.logger.warn({ err: error, repository: repository.path }, "the GitHub App gave no token");
      return { token: null, error };
    }
  }

  return async (levels, given) => {
    const repository = { ...given, host: given.host.toLowerCase() };
    const isGithub = repository.host === github;
    const errors: unknown[] = [];
    for (const level of levels) {
      const ofHost = valueOf(level, `GIT_TOKEN@${repository.host}`);
      if (ofHost !== null) return { value: ofHost, github: isGithub || repository.host === "github.com" };
      if (!isGithub) continue;
      const { token, error } = await appToken(level, repository);
      if (error !== undefined) errors.push(error);
      const found = token ?? valueOf(level, "GITHUB_TOKEN");
      if (found !== null) return { value: found, github: true };
    }
    const [error] = [...errors, ...problems(levels, repository.host, isGithub)];
    if (error !== undefined) throw error;
    return null;
  };
}

interface AppOutcome {
  readonly token: string | null;
  readonly error?: unknown;
}

/** Nothing was found, but something that would fit did not open: that is what should be said. */
function problems(levels: Levels, host: string, isGithub: boolean): unknown[] {
  const fitting = new Set([`GIT_TOKEN@${host}`]);
  if (isGithub) for (const name of ["GITHUB_TOKEN", "GITHUB_APP_PRIVATE_KEY"]) fitting.add(name);
  return levels
    .flat()
    .flatMap((secret) => ("problem" in secret && fitting.has(secret.name) ? [secret.problem] : []));
}
