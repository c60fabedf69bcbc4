import { execFile, spawn } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createGitRoute } from "./git-route.ts";
import type { GitRouteDeps } from "./git-route.ts";
import { isPublicAddress, vetHost } from "../address/public-address.ts";

const run = promisify(execFile);
const quiet = { debug() {}, info() {}, warn() {}, error() {}, child: () => quiet };
const cleanEnv = {
  PATH: process.env.PATH ?? "",
  HOME: "/nonexistent",
  GIT_TERMINAL_PROMPT: "0",
  GIT_CONFIG_NOSYSTEM: "1",
};

let folder: string;
let host: Server;
let hostPort: number;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "agency-git-"));
  const git = (...args: string[]) => run("git", ["-C", folder, ...args], { env: cleanEnv });
  await run("git", ["init", "-q", "-b", "main", join(folder, "work")], { env: cleanEnv });
  await writeFile(join(folder, "work", "hello.txt"), "hello\n");
  await git("-C", "work", "add", ".");
  await git("-C", "work", "-c", "user.name=a", "-c", "user.email=a@b.c", "commit", "-qm", "first");
  await git("clone", "-q", "--bare", "work", "repo.git");
  host = await listen((request, response) => gitHost(request, response));
  hostPort = (host.address() as AddressInfo).port;
});

afterAll(async () => {
  host.close();
  host.closeAllConnections();
  await rm(folder, { recursive: true });
});

/** A real git host: git's own CGI behind node:http. /private wants a token, /old redirects. */
function gitHost(request: IncomingMessage, response: ServerResponse): void {
  const url = new URL(request.url ?? "/", "http://host");
  if (url.pathname.startsWith("/old/")) {
    response
      .writeHead(301, { location: url.href.replace("http://host/old/", `http://127.0.0.1:${hostPort}/`) })
      .end();
    return;
  }
  if (url.pathname.startsWith("/private/")) return void response.writeHead(401).end();
  const child = spawn("git", ["http-backend"], {
    env: {
      ...cleanEnv,
      GIT_PROJECT_ROOT: folder,
      GIT_HTTP_EXPORT_ALL: "1",
      PATH_INFO: url.pathname,
      QUERY_STRING: url.search.slice(1),
      REQUEST_METHOD: request.method ?? "GET",
      CONTENT_TYPE: request.headers["content-type"] ?? "",
      HTTP_CONTENT_ENCODING: request.headers["content-encoding"] ?? "",
      HTTP_GIT_PROTOCOL: String(request.headers["git-protocol"] ?? ""),
    },
  });
  request.pipe(child.stdin);
  let head = Buffer.alloc(0);
  child.stdout.on("data", (chunk: Buffer) => {
    if (response.headersSent) return void response.write(chunk);
    head = Buffer.concat([head, chunk]);
    const end = head.indexOf("\r\n\r\n");
    if (end < 0) return;
    const headers = head
      .subarray(0, end)
      .toString()
      .split("\r\n")
      .map((line) => line.split(": ") as [string, string]);
    response.writeHead(
      Number(headers.find(([name]) => name === "Status")?.[1]?.slice(0, 3) ?? 200),
      Object.fromEntries(headers),
    );
    response.write(head.subarray(end + 4));
  });
  child.stdout.on("end", () => response.end());
}

function listen(
  handler: (request: IncomingMessage, response: ServerResponse) => void | Promise<void>,
): Promise<Server> {
  const server = createServer((request, response) => void handler(request, response));
  return new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(server)));
}

/** The route behind a real port, so that real git can clone through it. */
async function withRoute<T>(change: Partial<GitRouteDeps>, use: (base: string) => Promise<T>): Promise<T> {
  const route = createGitRoute({
    repositoryOf: async () => `http://127.0.0.1:${hostPort}/repo.git`,
    credentialFor: () => null,
    internalHosts: ["127.0.0.1"],
    logger: quiet,
    ...change,
  });
  const server = await listen(async (request, response) => {
    const body: RequestInit =
      request.method === "POST" ? { body: Readable.toWeb(request) as never, duplex: "half" } : {};
    const headers = new Headers(request.headers as Record<string, string>);
    const answer = await route(
      new Request("http://broker", { method: request.method ?? "GET", headers, ...body }),
      request.url ?? "/",
      { taskId: "t" },
    );
    response.writeHead(answer.status, Object.fromEntries(answer.headers));
    for await (const chunk of answer.body ?? []) response.write(chunk);
    response.end();
  });
  try {
    return await use(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  } finally {
    server.close();
    server.closeAllConnections();
  }
}

async function clone(base: string, repository: string): Promise<string> {
  const target = await mkdtemp(join(folder, "clone-"));
  await run("git", ["clone", "-q", `${base}/${encodeURIComponent(repository)}`, target], { env: cleanEnv });
  return target;
}

describe("the git route", () => {
  it("lets real git clone the task's repository", async () => {
    await withRoute({}, async (base) => {
      const target = await clone(base, `http://127.0.0.1:${hostPort}/repo.git`);
      expect(await readFile(join(target, "hello.txt"), "utf8")).toBe("hello\n");
    });
  });

  it("follows a repository that was renamed", async () => {
    const repository = `http://127.0.0.1:${hostPort}/old/repo.git`;
    await withRoute({ repositoryOf: async () => repository }, async (base) => {
      const target = await clone(base, repository);
      expect(await readFile(join(target, "hello.txt"), "utf8")).toBe("hello\n");
    });
  });

  it.each([
    ["missing.git", /does not exist, or reading it needs a credential/],
    ["private/repo.git", /does not exist, or reading it needs a credential/],
  ])("says what is wrong with %s", async (path, sentence) => {
    const repository = `http://127.0.0.1:${hostPort}/${path}`;
    await withRoute({ repositoryOf: async () => repository }, async (base) => {
      await expect(clone(base, repository)).rejects.toThrow(sentence);
    });
  });

  it("refuses another repository than the task's", async () => {
    await withRoute({}, async (base) => {
      await expect(clone(base, `http://127.0.0.1:${hostPort}/other.git`)).rejects.toThrow(/may not read/);
    });
  });

  it("refuses a host on an internal network", async () => {
    await withRoute({ internalHosts: [] }, async (base) => {
      await expect(clone(base, `http://127.0.0.1:${hostPort}/repo.git`)).rejects.toThrow(/internal network/);
    });
  });

  it.each([
    ["POST", "/git-receive-pack"],
    ["GET", "/info/refs?service=git-receive-pack"],
    ["GET", "/HEAD"],
    ["GET", "/info/refs"],
  ])("refuses %s %s", async (method, rest) => {
    const route = createGitRoute({
      repositoryOf: async () => "http://a/b",
      credentialFor: () => null,
      internalHosts: [],
      logger: quiet,
    });
    const answer = await route(
      new Request("http://broker", { method }),
      `/${encodeURIComponent("http://a/b")}${rest}`,
      { taskId: "t" },
    );
    expect(answer.status).toBe(403);
  });
});

describe("what counts as internal", () => {
  it.each([
    "127.0.0.1",
    "0.0.0.0",
    "10.1.2.3",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "198.18.0.1",
    "224.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::ffff:127.0.0.1",
    "::ffff:7f00:1",
    "::127.0.0.1",
    "64:ff9b::7f00:1",
    "2002:7f00:1::",
    "fe80::1",
    "fd00:ec2::254",
    "ff02::1",
    "168.63.129.16",
    "not an address",
  ])("%s", (address) => {
    expect(isPublicAddress(address)).toBe(false);
  });

  it("is not the public internet", () => {
    expect(["1.1.1.1", "140.82.112.3", "2606:4700::1111"].every(isPublicAddress)).toBe(true);
  });

  it.each(["2130706433", "0x7f000001", "127.1", "017700000001"])(
    "sees through the spelling %s",
    async (spelling) => {
      const { hostname } = new URL(`http://${spelling}/`);
      expect(await vetHost(hostname, false)).toMatchObject({ ok: false });
    },
  );
});
