import { addPull, startCodeHost } from "@agency/testing";
import type { FakeCodeHost } from "@agency/testing";
import type { ApiCredential, CodeHost } from "@agency/core";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createCodeHosts } from "./code-hosts.ts";

const CALLER = { taskId: "t", accountId: "a" };
const TOKEN = "ghp_0123456789abcdef";
const REQUEST = { title: "Fix it", body: "It is fixed.", head: "agency/t/fix", base: "main" };
const NOW = Date.parse("2026-11-21T10:00:00Z");
const RESET = { "x-ratelimit-remaining": "0", "x-ratelimit-reset": String(NOW / 1_000 + 30) };

let fake: FakeCodeHost;
let credential: ApiCredential | null;
let asked: object[];

beforeEach(() => {
  credential = { user: null, token: TOKEN };
  asked = [];
});
afterEach(() => fake[Symbol.asyncDispose]());

function hostsOf(more: { githubApiUrl?: string; internalHosts?: string[] } = {}): CodeHost {
  return createCodeHosts({
    credentials: {
      async forApi(caller, repository) {
        asked.push({ caller, ...repository });
        return credential;
      },
    },
    githubApiUrl: "https://api.github.com",
    internalHosts: [fake.host],
    now: () => NOW,
    ...more,
  });
}

const paths = () => fake.seen.map(({ method, path }) => `${method} ${path}`);

describe("GitHub", () => {
  const started = async () => {
    fake = await startCodeHost("github");
    fake.tokens.add(TOKEN);
    const repository = fake.add("octo/hello");
    repository.branches.set(REQUEST.head, "c1");
    const hosts = hostsOf({ githubApiUrl: fake.apiUrl });
    return { repository, hosts, url: fake.url(repository) };
  };

  it("opens a pull request with the credential of its repository", async () => {
    const { hosts, repository, url } = await started();
    expect(await hosts.open(CALLER, `${url}.git`, REQUEST)).toEqual({ number: 1, url: `${url}/pull/1` });
    expect(repository.pulls).toMatchObject([{ title: "Fix it", body: "It is fixed.", base: "main" }]);
    expect(asked).toEqual([{ caller: CALLER, host: fake.host, path: "octo/hello" }]);
    expect(new Set(fake.seen.map(({ headers }) => headers.authorization))).toEqual(
      new Set([`Bearer ${TOKEN}`]),
    );
  });

  it("goes into the default branch when no other is named", async () => {
    const { hosts, repository, url } = await started();
    repository.defaultBranch = "trunk";
    repository.branches.set("trunk", "c0");
    await hosts.open(CALLER, url, { ...REQUEST, base: null });
    expect(repository.pulls).toMatchObject([{ base: "trunk" }]);
  });

  it("gives back the open one instead of a second, but no closed one, and none of a fork", async () => {
    const { hosts, repository, url } = await started();
    const fork = addPull(repository, {
      head: { branch: REQUEST.head, repository: "evil/hello" },
      base: "main",
    });
    const closed = addPull(repository, {
      head: { branch: REQUEST.head, repository: "octo/hello" },
      base: "main",
    });
    closed.state = "closed";
    expect(fork.number).toBe(1);
    expect(await hosts.open(CALLER, url, REQUEST)).toMatchObject({ number: 3 });
    expect(await hosts.open(CALLER, url, REQUEST)).toMatchObject({ number: 3 });
    expect(repository.pulls).toHaveLength(3);
  });

  it("finds its own again when the answer was lost", async () => {
    const { hosts, repository, url } = await started();
    const pass = () => undefined;
    fake.instead.push(pass, pass, () => {
      addPull(repository, { head: { branch: REQUEST.head, repository: "octo/hello" }, base: "main" });
      return null;
    });
    await expect(hosts.open(CALLER, url, REQUEST)).rejects.toMatchObject({ code: "upstream_failed" });
    expect(await hosts.open(CALLER, url, REQUEST)).toMatchObject({ number: 1 });
    expect(repository.pulls).toHaveLength(1);
  });

  it("gives back the one that somebody opened between the question and the request", async () => {
    const { hosts, repository, url } = await started();
    const pass = () => undefined;
    fake.instead.push(pass, pass, () => {
      addPull(repository, { head: { branch: REQUEST.head, repository: "octo/hello" }, base: "main" });
      return undefined;
    });
    expect(await hosts.open(CALLER, url, REQUEST)).toMatchObject({ number: 1 });
    expect(paths().filter((line) => line.startsWith("POST"))).toHaveLength(1);
  });

  it("follows a renamed repository, with its credential", async () => {
    const { hosts, repository, url } = await started();
    repository.oldPath = "old/name";
    repository.isPrivate = true;
    expect(await hosts.open(CALLER, `${fake.origin}/old/name`, REQUEST)).toEqual({
      number: 1,
      url: `${url}/pull/1`,
    });
    expect(await hosts.pullRequest(CALLER, `${fake.origin}/old/name`, 1)).toMatchObject({
      headRepositoryUrl: `${fake.origin}/old/name`,
    });
  });

  it("follows a redirect to no other origin", async () => {
    const { hosts, url } = await started();
    await using other = await startCodeHost("github");
    const headers = { location: `${other.apiUrl}/repos/octo/hello` };
    fake.instead.push(() => ({ status: 301, body: {}, headers }));
    await expect(hosts.open(CALLER, url, REQUEST)).rejects.toMatchObject({ code: "upstream_failed" });
    expect(other.seen).toEqual([]);
  });

  it("says of a pull request where its branch is", async () => {
    const { hosts, repository, url } = await started();
    addPull(repository, {
      head: { branch: "fix", repository: "octo/hello" },
      base: "main",
      title: "T",
      body: "B",
    });
    addPull(repository, { head: { branch: "fix", repository: "evil/hello" }, base: "main" });
    addPull(repository, { head: { branch: "fix", repository: null }, base: "main" });
    expect(await hosts.pullRequest(CALLER, url, 1)).toEqual({
      number: 1,
      url: `${url}/pull/1`,
      open: true,
      headBranch: "fix",
      headRepositoryUrl: url,
      headRef: "refs/pull/1/head",
      baseBranch: "main",
      title: "T",
      body: "B",
    });
    const { headRepositoryUrl } = await hosts.pullRequest(CALLER, url, 2);
    expect(headRepositoryUrl).toBe(`${fake.origin}/evil/hello.git`);
    expect(await hosts.pullRequest(CALLER, url, 3)).toMatchObject({ headRepositoryUrl: null });
  });

  it("reads a public pull request without a credential, but writes nothing", async () => {
    const { hosts, repository, url } = await started();
    credential = null;
    addPull(repository, { head: { branch: "fix", repository: "octo/hello" }, base: "main" });
    expect(await hosts.pullRequest(CALLER, url, 1)).toMatchObject({ number: 1 });
    await expect(hosts.open(CALLER, url, REQUEST)).rejects.toMatchObject({
      code: "no_credential",
      next: expect.stringContaining(`GIT_TOKEN@${fake.host}`),
    });
  });

  it.each([
    ["a token that is not accepted", 401, {}, "no_credential", "does not accept the token"],
    ["a token without the scope", 403, {}, "repository_unavailable", "not allowed to (as said)"],
    ["a repository that is not there", 404, {}, "repository_unavailable", "does not see it"],
    ["a repository without pull requests", 410, {}, "repository_unavailable", "answered 410 (as said)"],
    ["a fault of the host", 503, {}, "upstream_failed", "answered 503"],
    ["too many requests", 429, { "retry-after": "30" }, "too_many_requests", "too many requests"],
    ["too many at once", 403, { "retry-after": "30" }, "too_many_requests", "too many requests"],
    ["an hour's requests used up", 403, RESET, "too_many_requests", "too many requests"],
  ])("says what to do about %s", async (_, status, headers, code, message) => {
    const { hosts, url } = await started();
    fake.instead.push(() => ({ status, body: { message: "as said" }, headers }));
    await expect(hosts.open(CALLER, url, REQUEST)).rejects.toMatchObject({
      code,
      message: expect.stringContaining(message),
      next: expect.any(String),
      ...(code === "too_many_requests" ? { retryAfterMs: 30_000 } : {}),
    });
  });

  it.each([
    [{ head: "agency/t/never-pushed" }, "does not find the branch agency/t/never-pushed"],
    [{ base: "no-such-base" }, "does not find the branch no-such-base"],
    [{ head: "same" }, "nothing that main does not have"],
  ])("says what is wrong with %o", async (part, message) => {
    const { hosts, repository, url } = await started();
    repository.branches.set("same", "c0");
    await expect(hosts.open(CALLER, url, { ...REQUEST, ...part })).rejects.toThrow(message);
  });

  it("shows no token that the host quotes, and no characters that a terminal obeys", async () => {
    const { hosts, url } = await started();
    const said = `bad\u001B[2J\n${TOKEN}\u202E ${"x".repeat(2_000)}`;
    fake.instead.push(() => ({ status: 403, body: { message: said } }));
    const error: unknown = await hosts.open(CALLER, url, REQUEST).catch((thrown: unknown) => thrown);
    const message = error instanceof Error ? error.message : "";
    expect(message).toContain("[redacted:token]");
    expect(message).not.toMatch(/[\p{Cc}\p{Cf}]/u);
    expect(message.length).toBeLessThan(600);
  });

  it.each([
    ["no JSON", "<h1>Log in</h1>"],
    ["something else", []],
    [
      "a script for an address",
      { number: 1, html_url: "javascript://x/%0Aalert(1)", head: { ref: "x" }, base: { ref: "y" } },
    ],
  ])("does not take %s for a pull request", async (_, body) => {
    const { hosts, url } = await started();
    fake.instead.push(() => ({ status: 200, body }));
    await expect(hosts.pullRequest(CALLER, url, 1)).rejects.toThrow("was not understood");
  });

  it.each(["octo/hello/more", "octo", "octo/%2e%2e", "octo/he llo", "octo/a%2Fb"])(
    "takes %s for no repository",
    async (path) => {
      const { hosts } = await started();
      await expect(hosts.open(CALLER, `${fake.origin}/${path}`, REQUEST)).rejects.toMatchObject({
        code: "unsupported_option",
      });
      expect(fake.seen).toEqual([]);
    },
  );
});

describe.each(["gitlab", "gitea"] as const)("%s", (kind) => {
  const started = async () => {
    fake = await startCodeHost(kind);
    fake.tokens.add(TOKEN);
    const repository = fake.add("group/hello");
    repository.branches.set(REQUEST.head, "c1");
    return { repository, hosts: hostsOf(), url: fake.url(repository) };
  };

  it("is recognised once, without showing it the credential, and opens one for a branch", async () => {
    const { hosts, repository, url } = await started();
    const first = await hosts.open(CALLER, url, { ...REQUEST, base: null });
    const probes = fake.seen.filter(({ path }) => path.endsWith("/version"));
    const count = kind === "gitlab" ? 2 : 1;
    expect(probes.map(({ headers }) => headers.authorization)).toEqual(Array(count).fill(undefined));
    expect(await hosts.open(CALLER, url, REQUEST)).toEqual(first);
    expect(fake.seen.filter(({ path }) => path.endsWith("/version"))).toHaveLength(probes.length);
    expect(repository.pulls).toMatchObject([{ title: "Fix it", body: "It is fixed.", base: "main" }]);
  });

  it("says of a pull request where its branch is", async () => {
    const { hosts, repository, url } = await started();
    addPull(repository, { head: { branch: "fix", repository: "group/hello" }, base: "main" });
    addPull(repository, { head: { branch: "fix", repository: "evil/hello" }, base: "main" });
    expect(await hosts.pullRequest(CALLER, url, 1)).toMatchObject({
      open: true,
      headBranch: "fix",
      headRepositoryUrl: url,
      headRef: `refs/${kind === "gitlab" ? "merge-requests" : "pull"}/1/head`,
    });
    expect((await hosts.pullRequest(CALLER, url, 2)).headRepositoryUrl).not.toBe(url);
  });

  it("gives back the one that was opened in between", async () => {
    const { hosts, repository, url } = await started();
    await hosts.open(CALLER, url, { ...REQUEST, head: "agency/t/fix" });
    const [first] = repository.pulls;
    const pass = () => undefined;
    const empty = () => ({ status: 200, body: [] });
    repository.branches.set("agency/t/other", "c2");
    fake.instead.push(
      empty,
      () => {
        addPull(repository, { head: { branch: "agency/t/other", repository: "group/hello" }, base: "main" });
        return undefined;
      },
      pass,
    );
    const second = await hosts.open(CALLER, url, { ...REQUEST, head: "agency/t/other" });
    expect([first?.number, second.number]).toEqual([1, 2]);
    expect(repository.pulls).toHaveLength(2);
  });

  it("posts a review once", async () => {
    const { hosts, repository, url } = await started();
    const pull = addPull(repository, {
      head: { branch: "fix", repository: "group/hello" },
      base: "main",
      files: new Map([["a.ts", "@@ -1,2 +1,2 @@\n-old\n+new\n same"]]),
    });
    const review = {
      key: "task-1",
      body: "Two things.",
      comments: [
        { path: "a.ts", line: 1, side: "new" as const, body: "wrong" },
        { path: "b.ts", line: 9, side: "new" as const, body: "elsewhere" },
      ],
    };
    const first = await hosts.review(CALLER, url, 1, review);
    expect(await hosts.review(CALLER, url, 1, review)).toEqual(first);
    expect(pull.reviews).toHaveLength(1);
    expect(pull.reviews[0]?.body).toContain("`b.ts:9`: elsewhere");
    expect(pull.reviews[0]?.comments).toEqual(
      kind === "gitea" ? [{ path: "a.ts", body: "wrong", new_position: 1 }] : [],
    );
  });

  it("says what to do about a token that may not write", async () => {
    const { hosts, url } = await started();
    fake.mayWrite = false;
    await expect(hosts.open(CALLER, url, REQUEST)).rejects.toMatchObject({
      code: "repository_unavailable",
      next: expect.stringContaining("the scope"),
    });
  });
});

describe("any host", () => {
  it("takes a name and a password where the API does", async () => {
    fake = await startCodeHost("gitea");
    fake.tokens.add("me:pass:word");
    credential = { user: "me", token: "pass:word" };
    const repository = fake.add("group/hello");
    repository.branches.set(REQUEST.head, "c1");
    expect(await hostsOf().open(CALLER, fake.url(repository), REQUEST)).toMatchObject({ number: 1 });
  });

  it("is refused when it is none that is known, and asked again the next time", async () => {
    fake = await startCodeHost("github");
    const url = `${fake.origin}/octo/hello`;
    const hosts = hostsOf();
    await expect(hosts.open(CALLER, url, REQUEST)).rejects.toThrow("none of the hosts");
    await expect(hosts.open(CALLER, url, REQUEST)).rejects.toThrow("none of the hosts");
    expect(paths()).toHaveLength(4);
    expect(asked).toEqual([]);
  });

  it("is not spoken to on an internal network, nor without encryption", async () => {
    fake = await startCodeHost("gitea");
    const hosts = hostsOf({ internalHosts: [] });
    const secure = fake.origin.replace("http:", "https:");
    await expect(hosts.open(CALLER, `${secure}/octo/hello`, REQUEST)).rejects.toThrow("internal network");
    await expect(hosts.open(CALLER, `${fake.origin}/octo/hello`, REQUEST)).rejects.toThrow("not encrypted");
    expect(fake.seen).toEqual([]);
    expect(
      ["https://github.com/o/r", `${fake.origin}/o/r`, "git@github.com:o/r", "nonsense"].map(hosts.knows),
    ).toEqual([true, false, false, false]);
    expect(hostsOf().knows(`${fake.origin}/o/r`)).toBe(true);
  });
});
