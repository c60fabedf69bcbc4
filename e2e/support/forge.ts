import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, request as connect } from "node:http";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { startCodeHost, startGitHost } from "@agency/testing";
import type { FakeCodeHost, FakeHostKind, FakeRepository, GitHost } from "@agency/testing";
import { git } from "./git-repository.ts";

export const FORGE_TOKEN = "agency:host-secret";

/** A code host on one address: git's own HTTP server, and the API beside it. */
export interface Forge extends AsyncDisposable {
  readonly origin: string;
  readonly host: string;
  readonly folder: string;
  readonly git: GitHost;
  readonly api: FakeCodeHost;
  /** A repository with one commit on `main`, known to both. */
  add(path: string, files: Readonly<Record<string, string>>): Promise<FakeRepository>;
  /** A plain git in the bare repository. */
  run(path: string, ...args: string[]): string;
  /** One more commit on a branch, made by somebody else; the branch begins at main when it is new. */
  commit(path: string, branch: string, files: Readonly<Record<string, string>>): Promise<string>;
}

export async function startForge(kind: FakeHostKind = "github"): Promise<Forge> {
  const folder = await mkdtemp(join(tmpdir(), "agency-forge-"));
  const [host, api] = await Promise.all([startGitHost(folder), startCodeHost(kind)]);
  for (const token of [FORGE_TOKEN, FORGE_TOKEN.split(":")[1] ?? ""]) api.tokens.add(token);
  const repositories = new Map<string, FakeRepository>();
  const bare = (path: string) => join(folder, `${path}.git`);
  const front = await listen((path) => (path.startsWith("/api/") ? api.origin : host.origin));
  return {
    ...front,
    folder,
    git: host,
    api,
    run: (path, ...args) => git(bare(path), ...args),
    async add(path, files) {
      await mkdir(bare(path), { recursive: true });
      git(bare(path), "init", "--quiet", "--bare", "--initial-branch=main");
      git(bare(path), "config", "http.receivepack", "true");
      const repository = api.add(path);
      repositories.set(path, followed(repository, bare(path)));
      await commitTo(bare(path), "main", files);
      return repository;
    },
    commit: (path, branch, files) => commitTo(bare(path), branch, files),
    async [Symbol.asyncDispose]() {
      await front.close();
      await Promise.all([host[Symbol.asyncDispose](), api[Symbol.asyncDispose]()]);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** The API knows the branches that git has. */
function followed(repository: FakeRepository, bare: string): FakeRepository {
  const { branches } = repository;
  branches.clear();
  branches.get = (name) => {
    try {
      return git(bare, "rev-parse", "--verify", "--quiet", `refs/heads/${name}`);
    } catch {
      return undefined;
    }
  };
  branches.has = (name) => branches.get(name) !== undefined;
  return repository;
}

async function commitTo(
  bare: string,
  branch: string,
  files: Readonly<Record<string, string>>,
): Promise<string> {
  const work = await mkdtemp(join(tmpdir(), "agency-forge-work-"));
  try {
    git(work, "clone", "--quiet", bare, ".");
    git(work, "checkout", "--quiet", "-B", branch, ...startOf(work, branch));
    for (const [name, text] of Object.entries(files)) {
      await mkdir(dirname(join(work, name)), { recursive: true });
      await writeFile(join(work, name), text);
    }
    git(work, "add", "--all");
    git(work, "commit", "--quiet", "--message", `Change ${Object.keys(files).join(", ")}`);
    git(work, "push", "--quiet", "origin", branch);
    return git(work, "rev-parse", "HEAD");
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

function startOf(work: string, branch: string): string[] {
  const known = git(work, "branch", "--remotes", "--format=%(refname:short)").split("\n");
  const start = [`origin/${branch}`, "origin/main"].find((name) => known.includes(name));
  return start === undefined ? [] : [start];
}

async function listen(
  originOf: (path: string) => string,
): Promise<{ origin: string; host: string; close(): Promise<unknown> }> {
  const server = createServer((request, response) => {
    const { method, headers, url = "/" } = request;
    const onward = connect(originOf(url) + url, { method, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    onward.on("error", () => response.destroy());
    request.pipe(onward);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const host = `127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}`;
  const close = () => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  };
  return { origin: `http://${host}`, host, close };
}
