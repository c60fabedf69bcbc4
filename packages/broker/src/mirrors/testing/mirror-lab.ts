import { mkdtemp, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { AttemptCaller } from "@agency/core";
import { GIT_HOST_CREDENTIAL } from "@agency/testing";
import { createGitRoute } from "../../git/git-route.ts";
import type { GitRouteDeps } from "../../git/git-route.ts";
import { CALLER } from "../../git/testing/git-lab.ts";
import type { GitLab } from "../../git/testing/git-lab.ts";
import { createCaptureLogger } from "../../testing/capture-logger.ts";
import { createMirrors } from "../mirrors.ts";
import type { MirrorOptions, Mirrors } from "../mirrors.ts";

export interface MirrorLab extends AsyncDisposable {
  readonly mirrors: Mirrors;
  readonly root: string;
  lend(name: string, caller?: AttemptCaller): Promise<string | null>;
  /** The repositories of the mirrors there are. */
  repositories(accountId?: string): Promise<string[]>;
}

const never = new AbortController().signal;

/** Mirrors in front of a lab's host; `root` of another one: a second server on the same folder. */
export async function openMirrorLab(
  lab: GitLab,
  change: Partial<MirrorOptions> = {},
  deps: Partial<GitRouteDeps> = {},
): Promise<MirrorLab> {
  const root = change.root ?? (await mkdtemp(join(lab.folder, "mirrors-")));
  let asked = "";
  const route = createGitRoute({
    rightsOf: async () => ({
      repository: { url: asked },
      repositories: [],
      allowInternalHosts: [lab.host.host],
    }),
    credentials: { forGit: async () => GIT_HOST_CREDENTIAL },
    fence: { watch: () => ({ signal: never, release() {} }) },
    report: () => undefined,
    logger: createCaptureLogger(),
    now: Date.now,
    ...deps,
  });
  const mirrors = await createMirrors({
    root,
    maxBytes: 1024 ** 3,
    route,
    withLock,
    logger: createCaptureLogger(),
    now: Date.now,
    ...change,
  });
  return {
    mirrors,
    root,
    lend(name, caller = CALLER) {
      asked = `${lab.host.origin}/${name}`;
      return mirrors.lend(caller, asked, never);
    },
    async repositories(accountId = CALLER.accountId) {
      const folder = join(root, "accounts", accountId);
      const keys = await readdir(folder).catch(() => []);
      return keys.map((key) => join(folder, key, "repository.git"));
    },
    async [Symbol.asyncDispose]() {
      await mirrors.close();
      await rm(root, { recursive: true, force: true });
    },
  };
}

const held = new Map<string, Promise<unknown>>();

/** Within this process only: the one between processes is the provider's, and tested there. */
export async function withLock<T>(key: string, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  while (held.has(key)) {
    if (signal.aborted) throw new Error("waiting was called off");
    await held.get(key);
  }
  const done = work();
  const settled = done.catch(() => undefined);
  held.set(key, settled);
  void settled.then(() => held.delete(key));
  return done;
}
