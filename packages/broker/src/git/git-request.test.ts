import { describe, expect, it } from "vitest";
import { parseGitRequest } from "./git-request.ts";
import { isSameRepository, repositoryOfUrl } from "./repository-address.ts";
import { accessTo } from "./rights.ts";

const REFS = "/info/refs?service=git-upload-pack";

describe("what a request asks for", () => {
  it.each([
    ["GET", `/https/github.com/o/r.git${REFS}`, "refs", "https://github.com/o/r.git"],
    ["GET", "/https/GitHub.com:443/o/r/info/refs?service=git-receive-pack", "refs", "https://github.com/o/r"],
    ["POST", "/http/git.example:3000/a/b/c/git-upload-pack", "fetch", "http://git.example:3000/a/b/c"],
    [
      "POST",
      "/https/dev.azure.com/org/my%20project/_git/r/git-receive-pack",
      "push",
      "https://dev.azure.com/org/my%20project/_git/r",
    ],
    ["POST", "/https/github.com/o/r.git/info/lfs/objects/batch", "lfs-batch", "https://github.com/o/r.git"],
    [
      "POST",
      "/https/github.com/o/r.git/info/lfs/locks/verify",
      "lfs-locks-verify",
      "https://github.com/o/r.git",
    ],
  ])("%s %s is %s of %s", (method, target, kind, url) => {
    expect(parseGitRequest(method, target)).toMatchObject({ kind, repository: { url } });
  });

  it.each([
    `/https/github.com/o/../r${REFS}`,
    `/https/github.com/o/./r${REFS}`,
    `/https/github.com/o/%2e%2e/r${REFS}`,
    `/https/github.com/o/%252e%252e/r${REFS}`,
    `/https/github.com/o/.%2E/r${REFS}`,
    `/https/github.com/o%2fr${REFS}`,
    `/https/github.com/o/..%5cr${REFS}`,
    `/https/github.com/o/r%00${REFS}`,
    `/https/github.com/o/r%0a${REFS}`,
    `/https/github.com/o/%c0%ae${REFS}`,
    `/https/github.com/o//r${REFS}`,
    `/https/github.com//o/r${REFS}`,
    `/https/github.com${REFS}`,
    `/https/github.com/o?x=/r${REFS}`,
    `/https/github.com/o#/r${REFS}`,
    `/https/github.com/o\\r${REFS}`,
    `/https/github.com/${"a".repeat(2_000)}${REFS}`,
    `/https/user@github.com/o/r${REFS}`,
    `/https/github.com%2fevil/o/r${REFS}`,
    `/https/github.com:99999/o/r${REFS}`,
    `/ftp/github.com/o/r${REFS}`,
    `/file//etc/passwd${REFS}`,
    `/ext/sh/o/r${REFS}`,
    `/https/github.com/o/r${REFS}&x=1`,
    "/https/github.com/o/r/info/refs?service=git-upload-archive",
    "/https/github.com/o/r/HEAD",
    "/lfs/short",
    "/lfs/../https/github.com/o/r",
    "",
  ])("%s is nothing", (target) => {
    expect(parseGitRequest("GET", target)).toBeNull();
  });

  it("takes each ending by its own method only", () => {
    expect(parseGitRequest("POST", `/https/github.com/o/r${REFS}`)).toBeNull();
    expect(parseGitRequest("GET", "/https/github.com/o/r/git-receive-pack")).toBeNull();
    expect(parseGitRequest("PUT", "/https/github.com/o/r/git-receive-pack")).toBeNull();
  });
});

describe("one repository", () => {
  const same = (a: string, b: string): boolean => {
    const [one, other] = [repositoryOfUrl(a), repositoryOfUrl(b)];
    return one !== null && other !== null && isSameRepository(one, other);
  };

  it.each([
    ["https://git.example/o/r", "https://git.example/o/r.git"],
    ["https://git.example/o/r/", "https://GIT.example:443/o/r.git/"],
    ["https://github.com/Owner/Name", "https://github.com/owner/name.git"],
  ])("is %s and %s", (a, b) => expect(same(a, b)).toBe(true));

  it.each([
    ["https://git.example/o/r", "https://git.example/O/r"],
    ["https://git.example/o/r", "https://git.example/o/r.git.git"],
    ["https://git.example/o/r", "https://git.example/o/r2"],
    ["https://git.example/o/r", "https://git.example/o/r/x"],
    ["https://git.example/o/r", "http://git.example/o/r"],
    ["https://git.example/o/r", "https://git.example:8443/o/r"],
    ["https://git.example/o/r", "https://git.example.evil/o/r"],
    ["https://git.example/o/r", "https://git.example/x/../o/r"],
  ])("is not %s and %s", (a, b) => expect(same(a, b)).toBe(false));
});

describe("access", () => {
  const rights = {
    repository: { url: "https://github.com/o/own" },
    repositories: ["https://git.example/o/named"],
    allowInternalHosts: [],
  };
  const access = (url: string, write = false): string => {
    const asked = repositoryOfUrl(url);
    const given = asked === null ? null : accessTo(rights, asked, write);
    return given === null || !given.ok ? "none" : given.withCredential ? "credential" : "stranger";
  };

  it.each([
    ["https://github.com/o/own.git", "credential", "credential"],
    ["https://git.example/o/named", "credential", "none"],
    ["https://github.com/o/private", "stranger", "none"],
    ["https://git.example/o/private", "stranger", "none"],
    ["https://gitlab.com/o/own", "none", "none"],
    ["http://github.com/o/own", "none", "none"],
  ])("to %s: reading as %s, pushing as %s", (url, read, write) => {
    expect([access(url), access(url, true)]).toEqual([read, write]);
  });
});
