import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { gitConfigEnv, gitConfigFor } from "./git-routes.ts";

const run = promisify(execFile);
const FORWARDER = "http://127.0.0.1:4321";
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "agency-routes-"));
  await git([], "init", "-q");
});
afterAll(() => rm(folder, { recursive: true }));

async function git(gitHosts: string[], ...args: string[]): Promise<string> {
  const env = {
    PATH: process.env["PATH"] ?? "",
    HOME: folder,
    GIT_CONFIG_NOSYSTEM: "1",
    ...gitConfigEnv([["safe.directory", folder], ...gitConfigFor({ forwarderUrl: FORWARDER, gitHosts })]),
  };
  return (await run("git", ["-C", folder, ...args], { env })).stdout.trim();
}

describe("git's ways out of the sandbox", () => {
  it.each([
    ["https://github.com/o/r.git", "https/github.com/o/r.git"],
    ["http://github.com/o/r", "https/github.com/o/r"],
    ["git@github.com:o/r.git", "https/github.com/o/r.git"],
    ["ssh://git@github.com/o/r.git", "https/github.com/o/r.git"],
    ["git://github.com/o/r.git", "https/github.com/o/r.git"],
    ["https://git@github.com/o/r.git", "https/github.com/o/r.git"],
    ["https://git.example:8443/a/b/c.git", "https/git.example:8443/a/b/c.git"],
    ["git@git.example:a/b.git", "https/git.example:8443/a/b.git"],
  ])("lead %s through the forwarder", async (url, path) => {
    const hosts = ["https://github.com", "https://git.example:8443"];
    expect(await git(hosts, "ls-remote", "--get-url", url)).toBe(`${FORWARDER}/git/${path}`);
  });

  it("leave other hosts alone", async () => {
    const url = "https://github.com.evil.example/o/r";
    expect(await git(["https://github.com"], "ls-remote", "--get-url", url)).toBe(url);
  });

  it("keep two origins of one name apart", async () => {
    const hosts = ["http://git.example", "https://git.example"];
    const urlOf = (url: string) => git(hosts, "ls-remote", "--get-url", url);
    expect(await urlOf("http://git.example/r")).toBe(`${FORWARDER}/git/http/git.example/r`);
    expect(await urlOf("https://git.example/r")).toBe(`${FORWARDER}/git/https/git.example/r`);
    expect(await urlOf("git@git.example:r")).toBe(`${FORWARDER}/git/https/git.example/r`);
  });

  it.each(["https://github.com/o/r.git", "git@github.com:o/r.git"])(
    "are git-lfs's too, for %s",
    async (url) => {
      await git([], "config", "remote.origin.url", url);
      expect(await git(["https://github.com"], "lfs", "env")).toContain(
        `Endpoint=${FORWARDER}/git/https/github.com/o/r.git/info/lfs`,
      );
    },
  );

  it("go around the proxy, and run no program for an address", async () => {
    const proxied = ["config", "--get-urlmatch", "http.proxy", `${FORWARDER}/git/https/github.com/o/r`];
    expect(await git(["https://github.com"], ...proxied)).toBe("");
    await expect(git([], "ls-remote", "ext::sh -c true")).rejects.toThrow(/'ext' not allowed/);
  });
});
