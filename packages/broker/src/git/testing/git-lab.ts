import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { AttemptCaller } from "@agency/core";
import { GIT_HOST_CREDENTIAL as CREDENTIAL, startGitHost } from "@agency/testing";
import type { GitHost } from "@agency/testing";
import { createCaptureLogger } from "../../testing/capture-logger.ts";
import type { CaptureLogger } from "../../testing/capture-logger.ts";
import { createGitRoute } from "../git-route.ts";
import type { GitRouteDeps } from "../git-route.ts";
import type { GitRights } from "../rights.ts";
import type { GitTransfer } from "../transfer.ts";
import { serveGitRoute } from "./git-route-server.ts";

const run = promisify(execFile);

export const CALLER: AttemptCaller = { taskId: "task-1", accountId: "account-1", epoch: 3 };

/** What `git` said on both of its outputs, and how it ended. */
export interface GitRun {
  readonly code: number;
  readonly text: string;
}

export interface GitLab extends AsyncDisposable {
  readonly folder: string;
  readonly host: GitHost;
  /** A repository of one commit under the host's root: `name` may hold slashes. */
  seed(name: string, files?: Record<string, string>): Promise<void>;
  /** git on the host's own side, at a repository of it. */
  onHost(name: string, ...args: string[]): Promise<string>;
}

export interface GitAgent extends AsyncDisposable {
  readonly url: string;
  readonly transfers: GitTransfer[];
  readonly logger: CaptureLogger;
  /** As an agent runs git: it knows the real addresses only, and no credential. */
  git(cwd: string, ...args: string[]): Promise<GitRun>;
  /** The same, and it must succeed. */
  ok(cwd: string, ...args: string[]): Promise<string>;
}

export const GIT_ENV = {
  PATH: process.env["PATH"] ?? "",
  HOME: "/nonexistent",
  GIT_TERMINAL_PROMPT: "0",
  GIT_CONFIG_NOSYSTEM: "1",
  GIT_AUTHOR_NAME: "a",
  GIT_AUTHOR_EMAIL: "a@b.c",
  GIT_COMMITTER_NAME: "a",
  GIT_COMMITTER_EMAIL: "a@b.c",
  // Seeds alike are the same commit, whatever second they are made in.
  GIT_AUTHOR_DATE: "2026-01-01T00:00:00Z",
  GIT_COMMITTER_DATE: "2026-01-01T00:00:00Z",
};

export async function openGitLab(): Promise<GitLab> {
  const folder = await mkdtemp(join(tmpdir(), "agency-git-"));
  const root = join(folder, "host");
  await mkdir(root);
  const host = await startGitHost(root);
  const git = (...args: string[]) => run("git", args, { env: GIT_ENV });
  return {
    folder,
    host,
    async seed(name, files = { "hello.txt": "hello\n" }) {
      const work = await mkdtemp(join(folder, "seed-"));
      await git("init", "-q", "-b", "main", work);
      for (const [path, text] of Object.entries(files)) await writeFile(join(work, path), text);
      await git("-C", work, "add", ".");
      await git("-C", work, "commit", "-qm", "first");
      await git("clone", "-q", "--bare", work, join(root, name));
      await git("-C", join(root, name), "config", "http.receivepack", "true");
    },
    onHost: async (name, ...args) => (await git("-C", join(root, name), ...args)).stdout.trim(),
    async [Symbol.asyncDispose]() {
      await host[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** The broker in front of a lab's host, and an agent's git behind it. */
export async function openGitAgent(
  { host }: GitLab,
  rights: Partial<GitRights>,
  change: Partial<GitRouteDeps> = {},
  caller: () => AttemptCaller = () => CALLER,
): Promise<GitAgent> {
  const transfers: GitTransfer[] = [];
  const logger = createCaptureLogger();
  const route = createGitRoute({
    rightsOf: async () => ({
      repository: null,
      repositories: [],
      allowInternalHosts: [host.host],
      ...rights,
    }),
    credentials: { forGit: async () => CREDENTIAL },
    fence: { watch: () => ({ signal: new AbortController().signal, release() {} }) },
    report: (_caller, transfer) => transfers.push(transfer),
    logger,
    now: Date.now,
    ...change,
  });
  const served = await serveGitRoute(route, caller);
  const settings = [
    [`url.${served.url}/git/http/${host.host}/.insteadOf`, `${host.origin}/`],
    ["protocol.ext.allow", "never"],
  ];
  const env: Record<string, string> = { ...GIT_ENV, GIT_CONFIG_COUNT: String(settings.length) };
  for (const [index, [key = "", value = ""]] of settings.entries()) {
    env[`GIT_CONFIG_KEY_${index}`] = key;
    env[`GIT_CONFIG_VALUE_${index}`] = value;
  }
  const git = async (cwd: string, ...args: string[]): Promise<GitRun> => {
    try {
      const { stdout, stderr } = await run("git", args, { cwd, env });
      return { code: 0, text: stdout + stderr };
    } catch (error) {
      const failed = error as { code: number; stdout: string; stderr: string };
      return { code: failed.code, text: failed.stdout + failed.stderr };
    }
  };
  return {
    url: served.url,
    transfers,
    logger,
    git,
    async ok(cwd, ...args) {
      const { code, text } = await git(cwd, ...args);
      if (code !== 0) throw new Error(`git ${args.join(" ")} ended with ${code}: ${text}`);
      return text;
    },
    [Symbol.asyncDispose]: () => served[Symbol.asyncDispose](),
  };
}
