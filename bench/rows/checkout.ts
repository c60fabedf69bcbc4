import { randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createGitRoute, createMirrors } from "@agency/broker";
import type { AttemptCaller } from "@agency/core";
import { withHostLock } from "@agency/providers";
import { realClock } from "../../apps/runner/src/clocks/real-clock.ts";
import { ProcessGroups } from "../../apps/runner/src/process/groups.ts";
import { git, GIT_ENV, serveGit } from "../../apps/runner/src/testing/git-server.ts";
import { gitConfigEnv, gitConfigFor } from "../../apps/runner/src/workspace/git-routes.ts";
import { createGit } from "../../apps/runner/src/workspace/git.ts";
import { prepareWorkspace } from "../../apps/runner/src/workspace/prepare-workspace.ts";
import { serveGitRoute } from "../../packages/broker/src/git/testing/git-route-server.ts";
import { createCaptureLogger } from "../../packages/broker/src/testing/capture-logger.ts";
import { ms, times } from "../row.ts";
import type { Bench } from "../row.ts";
import { interleave, median } from "../stats.ts";

const FILES = 6000;
const FILE_BYTES = 34_000;
const TARGET = 1.2;
const CALLER: AttemptCaller = { taskId: "bench", accountId: "bench", epoch: 1 };
const never = new AbortController().signal;

/** What a task waits for: the mirror brought up to date and lent, then the runner's checkout through the broker. */
export const checkoutBench: Bench = async ({ quick }) => {
  const root = mkdtempSync(join(tmpdir(), "agency-bench-checkout-"));
  const host = createServer((incoming, outgoing) => serveGit(root, incoming, outgoing));
  try {
    makeRepository(root);
    const url = `${await listen(host)}/git/http/host/origin.git`;
    const second = await secondCheckout(root, url);
    // The first one makes the mirror.
    await timed(join(root, "workspace"), second.run);
    const samples = await interleave(quick ? 4 : 10, {
      ours: () => timed(join(root, "workspace"), second.run),
      theirs: () => timed(join(root, "peer"), () => plainClone(root)),
    });
    await second.close();
    const [a, b] = [median(samples["ours"]?.slice(1) ?? []), median(samples["theirs"]?.slice(1) ?? [])];
    return [
      {
        what: `second checkout, ${FILES.toLocaleString("en")} files, 200 MB`,
        against: "git clone --shared",
        ours: ms(a),
        theirs: ms(b),
        ratio: times(a / b),
        target: `≤ ${times(TARGET)}`,
        met: a / b <= TARGET,
      },
    ];
  } finally {
    host.closeAllConnections();
    host.close();
    rmSync(root, { recursive: true, force: true });
  }
};

async function secondCheckout(
  root: string,
  url: string,
): Promise<{ run(): Promise<void>; close(): Promise<void> }> {
  const { host } = new URL(url);
  const logger = createCaptureLogger();
  const route = createGitRoute({
    rightsOf: async () => ({ repository: { url }, repositories: [], allowInternalHosts: [host] }),
    credentials: { forGit: async () => null },
    fence: { watch: () => ({ signal: never, release: () => undefined }) },
    report: () => undefined,
    logger,
    now: Date.now,
  });
  const mirrors = await createMirrors({
    root: join(root, "mirrors"),
    maxBytes: 1024 ** 3,
    patienceMs: 120_000,
    route,
    withLock: withHostLock,
    logger,
    now: Date.now,
  });
  const door = await serveGitRoute(route, () => CALLER);
  const gitSettings = gitConfigFor({ forwarderUrl: door.url, gitHosts: [new URL(url).origin] });
  const workspace = join(root, "workspace");
  const env = { ...GIT_ENV, ...gitConfigEnv(gitSettings) };
  return {
    async run() {
      mkdirSync(workspace);
      const mirror = await mirrors.lend(CALLER, url, never);
      if (mirror === null) throw new Error(`There is no mirror: ${JSON.stringify(logger)}`);
      const shell = createGit(workspace, env, realClock, new ProcessGroups());
      const prepared = await prepareWorkspace({
        git: shell,
        workspace,
        repository: { url },
        mirror,
        gitSettings,
        signal: never,
      });
      if (!prepared.ok) throw new Error(prepared.problem);
    },
    async close() {
      await mirrors.close();
      await door[Symbol.asyncDispose]();
    },
  };
}

async function plainClone(root: string): Promise<void> {
  git(root, "clone", "--quiet", "--shared", join(root, "origin.git"), "peer");
}

function makeRepository(root: string): void {
  const work = join(root, "work");
  mkdirSync(work);
  git(work, "init", "--quiet", "-b", "main");
  for (let n = 0; n < FILES; n += 1) {
    const below = join(work, `d${n % 100}`, `e${n % 7}`);
    mkdirSync(below, { recursive: true });
    writeFileSync(join(below, `f${n}.txt`), randomBytes(FILE_BYTES / 2).toString("hex"));
  }
  git(work, "add", "--all");
  git(work, "commit", "--quiet", "-m", "base");
  git(root, "clone", "--quiet", "--bare", work, "origin.git");
  git(join(root, "origin.git"), "repack", "-adq");
  rmSync(work, { recursive: true });
}

async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  return `http://127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}`;
}

async function timed(folder: string, run: () => Promise<void>): Promise<number> {
  rmSync(folder, { recursive: true, force: true });
  const from = performance.now();
  await run();
  return performance.now() - from;
}
