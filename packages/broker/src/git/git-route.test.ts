import { mkdtemp, readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openGitAgent, openGitLab } from "./testing/git-lab.ts";
import type { GitAgent, GitLab } from "./testing/git-lab.ts";

let lab: GitLab;

beforeAll(async () => {
  lab = await openGitLab();
  await lab.seed("repo.git");
  await lab.seed("other.git");
  await lab.seed("private/own.git");
  await lab.seed("private/listed.git");
  await lab.seed("private/unlisted.git");
});
afterAll(() => lab[Symbol.asyncDispose]());

function at(path: string): string {
  return `${lab.host.origin}/${path}`;
}

async function clone(agent: GitAgent, path: string): Promise<{ code: number; text: string; folder: string }> {
  const folder = await mkdtemp(join(lab.folder, "clone-"));
  return { ...(await agent.git(lab.folder, "clone", "-q", at(path), folder)), folder };
}

interface SlowHost extends AsyncDisposable {
  readonly host: string;
  /** When the broker has hung up. */
  readonly gone: Promise<void>;
}

/** Answers with the beginning of a pack and never goes on. */
async function startSlowHost(onStart: () => void): Promise<SlowHost> {
  const gone = Promise.withResolvers<void>();
  const server = createServer((request, response) => {
    const isQuestion = request.method === "GET";
    const type = `application/x-git-upload-pack-${isQuestion ? "advertisement" : "result"}`;
    response.writeHead(200, { "content-type": type });
    if (isQuestion) return void response.end();
    response.on("close", () => gone.resolve());
    response.write("begin", onStart);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  return {
    host: `127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}`,
    gone: gone.promise,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

describe("reading through the git broker", () => {
  it("lets real git clone and fetch the task's repository under its own address", async () => {
    await using agent = await openGitAgent(lab, { repository: { url: at("repo.git") } });
    const { folder, text } = await clone(agent, "repo.git");
    expect(text).toBe("");
    expect(await readFile(join(folder, "hello.txt"), "utf8")).toBe("hello\n");
    expect(await agent.ok(folder, "config", "remote.origin.url")).toBe(`${at("repo.git")}\n`);
    await agent.ok(folder, "fetch", "--quiet", "origin");
    const [first] = agent.transfers;
    expect(first).toMatchObject({ action: "fetch", verdict: "allowed", repository: at("repo.git") });
    expect(Math.min(first?.bytesIn ?? 0, first?.bytesOut ?? 0)).toBeGreaterThan(0);
  });

  it.each(["repo", "repo.git/", "repo/"])("takes %s for the same repository", async (path) => {
    await using agent = await openGitAgent(lab, { repository: { url: at("repo.git") } });
    expect(await agent.git(lab.folder, "ls-remote", "-q", at(path))).toMatchObject({ code: 0 });
  });

  it("reads what the task names with the credential", async () => {
    const rights = { repository: { url: at("private/own.git") }, repositories: [at("private/listed")] };
    lab.host.seen.length = 0;
    await using agent = await openGitAgent(lab, rights);
    await agent.ok(lab.folder, "ls-remote", at("private/own.git"));
    await agent.ok(lab.folder, "ls-remote", at("private/listed.git"));
    // A host may keep `x` and `x.git` apart: the credential goes to the one that was named.
    expect(lab.host.seen.at(-1)?.line).toContain("/private/listed/");
    expect(lab.host.seen.every(({ user }) => user === "agency")).toBe(true);
  });

  it("reads an unnamed repository of a known host as a stranger would", async () => {
    await using agent = await openGitAgent(lab, { repository: { url: at("private/own.git") } });
    await agent.ok(lab.folder, "ls-remote", at("other.git"));
    expect(lab.host.seen.at(-1)?.user).toBeNull();
    const refused = await agent.git(lab.folder, "ls-remote", at("private/unlisted.git"));
    expect(refused.text).toMatch(/does not exist or is private\. Name it in the task's `repositories`/);
    expect(lab.host.seen.at(-1)?.user).toBeNull();
  });

  it("refuses a host that no repository of the task is on", async () => {
    await using agent = await openGitAgent(lab, { repository: { url: "https://git.example/a/b" } });
    const { code, text } = await clone(agent, "repo.git");
    expect(code).not.toBe(0);
    expect(text).toMatch(/may not read .*repo\.git.*`repositories` \(--also\)/);
    expect(agent.transfers).toMatchObject([{ verdict: "denied" }]);
  });

  it("refuses a host on an internal network", async () => {
    const rights = { repository: { url: at("repo.git") }, allowInternalHosts: [] };
    await using agent = await openGitAgent(lab, rights);
    expect((await clone(agent, "repo.git")).text).toMatch(/internal network/);
    expect(agent.transfers).toMatchObject([{ verdict: "denied" }]);
  });

  it("follows a repository that was renamed", async () => {
    await using agent = await openGitAgent(lab, { repository: { url: at("old/private/own.git") } });
    const { folder } = await clone(agent, "old/private/own.git");
    expect(await readFile(join(folder, "hello.txt"), "utf8")).toBe("hello\n");
  });

  it("takes no credential along to where a redirect leads", async () => {
    const port = lab.host.host.split(":")[1];
    const allowInternalHosts = [lab.host.host, `localhost:${port}`];
    const rights = { repository: { url: at("away/private/own.git") }, allowInternalHosts };
    await using agent = await openGitAgent(lab, rights);
    expect((await clone(agent, "away/private/own.git")).text).toMatch(/does not exist/);
    expect(lab.host.seen.at(-1)).toEqual({
      line: "GET /private/own.git/info/refs?service=git-upload-pack",
      user: null,
    });
    await using closed = await openGitAgent(lab, { repository: rights.repository });
    expect((await clone(closed, "away/private/own.git")).text).toMatch(/localhost is on an internal network/);
  });

  it.each([
    ["missing.git", /does not exist, or the credential for .* does not allow reading it/],
    ["login/repo.git", /does not answer as a git repository does/],
  ])("says what is wrong with %s", async (path, sentence) => {
    await using agent = await openGitAgent(lab, { repository: { url: at(path) } });
    expect((await clone(agent, path)).text).toMatch(sentence);
  });

  it.each([
    ["Basic wrong", /does not accept the credential that is set for it/],
    [null, /needs a credential that is not set here: `agency secrets set GIT_TOKEN@127\.0\.0\.1:\d+`/],
  ])("says what is wrong with the credential %s", async (credential, sentence) => {
    const change = { credentials: { forGit: async () => credential } };
    await using agent = await openGitAgent(lab, { repository: { url: at("private/own.git") } }, change);
    expect((await clone(agent, "private/own.git")).text).toMatch(sentence);
  });

  it("says so when the credential cannot be made ready, and keeps the reason to the log", async () => {
    const forGit = () => Promise.reject(new Error("the app is not installed"));
    const rights = { repository: { url: at("private/own.git") } };
    await using agent = await openGitAgent(lab, rights, { credentials: { forGit } });
    const { text } = await clone(agent, "private/own.git");
    expect(text).toMatch(/The credential for .* could not be made ready/);
    expect(text).not.toContain("installed");
    expect(agent.transfers).toMatchObject([{ verdict: "failed" }]);
  });

  it("keeps the credential from a plain-text host that nobody declared internal", async () => {
    const asked: string[] = [];
    const credentials = {
      forGit: async (_: unknown, { host }: { host: string }) => {
        asked.push(host);
        return "Basic secret";
      },
    };
    const rights = { repository: { url: at("repo.git") }, allowInternalHosts: [] };
    await using agent = await openGitAgent(lab, rights, { credentials });
    await clone(agent, "repo.git");
    expect(asked).toEqual([]);
  });

  it("gives a fenced attempt nothing", async () => {
    const fence = { watch: () => ({ signal: AbortSignal.abort(), release() {} }) };
    await using agent = await openGitAgent(lab, { repository: { url: at("repo.git") } }, { fence });
    const before = lab.host.seen.length;
    expect((await clone(agent, "repo.git")).text).toMatch(/410/);
    expect(lab.host.seen.length).toBe(before);
  });

  it("cuts a transfer in the middle when the attempt is over", async () => {
    const over = new AbortController();
    const started = Promise.withResolvers<void>();
    let released = 0;
    await using slow = await startSlowHost(started.resolve);
    const fence = { watch: () => ({ signal: over.signal, release: () => (released += 1) }) };
    const rights = { repository: { url: `http://${slow.host}/r` }, allowInternalHosts: [slow.host] };
    await using agent = await openGitAgent(lab, rights, { fence });
    const asked = fetch(`${agent.url}/git/http/${slow.host}/r/git-upload-pack`, {
      method: "POST",
      body: "0000",
    });
    const body = (await asked).text();
    await started.promise;
    over.abort();
    await expect(body).rejects.toThrow("terminated");
    await slow.gone;
    expect(agent.transfers).toMatchObject([
      { verdict: "failed", reason: "The attempt is over: the transfer was cut.", bytesIn: 5 },
    ]);
    expect(released).toBe(1);
  });

  it("answers only what reading, pushing and LFS need", async () => {
    await using agent = await openGitAgent(lab, { repository: { url: at("repo.git") } });
    const before = lab.host.seen.length;
    for (const rest of ["/HEAD", "/info/refs", "/objects/info/packs", "/git-upload-archive", ""]) {
      const answer = await fetch(`${agent.url}/git/http/${lab.host.host}/repo.git${rest}`);
      expect(answer.status).toBe(403);
    }
    expect(lab.host.seen.length).toBe(before);
  });
});
