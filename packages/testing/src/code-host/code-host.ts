import { createServer } from "node:http";
import type { IncomingMessage } from "node:http";
import { text } from "node:stream/consumers";
import { answered, notFound } from "./fake-answer.ts";
import type { FakeAnswer, FakeCall } from "./fake-answer.ts";
import { fakeRepository } from "./fake-repository.ts";
import type { FakeRepository } from "./fake-repository.ts";
import { giteaAnswer } from "./gitea-answers.ts";
import { githubAnswer } from "./github-answers.ts";
import { gitlabAnswer } from "./gitlab-answers.ts";

export type FakeHostKind = "github" | "gitlab" | "gitea";

/** The web side of a git host on loopback: what Agency uses of its API, with its rules and its errors. */
export interface FakeCodeHost extends AsyncDisposable {
  readonly origin: string;
  /** `host:port` */
  readonly host: string;
  readonly apiUrl: string;
  readonly seen: FakeCall[];
  /** What is accepted: a token, or `user:password`. */
  readonly tokens: Set<string>;
  /** May a token write? */
  mayWrite: boolean;
  /** Given instead of the real answer, first come first served; `null` closes the connection. */
  readonly instead: ((call: FakeCall) => FakeAnswer | null | undefined)[];
  add(path: string): FakeRepository;
  url(repository: FakeRepository): string;
}

const BASE: Record<FakeHostKind, string> = { github: "/api/v3", gitlab: "/api/v4", gitea: "/api/v1" };
const ANSWERS = { github: githubAnswer, gitlab: gitlabAnswer, gitea: giteaAnswer };

export async function startCodeHost(kind: FakeHostKind): Promise<FakeCodeHost> {
  const repositories: FakeRepository[] = [];
  const server = createServer((request, response) => {
    void read(request).then((call) => {
      fake.seen.push(call);
      const given = answerOf(kind, fake, repositories, call);
      if (given === null) return void request.socket.destroy();
      const json = typeof given.body !== "string";
      const type = json ? "application/json" : "text/plain";
      response.writeHead(given.status, { "content-type": type, ...given.headers });
      response.end(json ? JSON.stringify(given.body) : given.body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const host = `127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}`;
  const origin = `http://${host}`;
  const fake: FakeCodeHost = {
    origin,
    host,
    apiUrl: origin + BASE[kind],
    seen: [],
    tokens: new Set(),
    mayWrite: true,
    instead: [],
    add(path) {
      const repository = fakeRepository(path, repositories.length + 1);
      repositories.push(repository);
      return repository;
    },
    url: ({ path }) => `${origin}/${path}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return fake;
}

async function read(request: IncomingMessage): Promise<FakeCall> {
  const body = await text(request);
  const { method = "", headers } = request;
  const url = new URL(request.url ?? "/", "http://fake.invalid");
  return {
    method,
    path: url.pathname,
    query: url.searchParams,
    headers,
    body: body === "" ? null : JSON.parse(body),
  };
}

function answerOf(
  kind: FakeHostKind,
  fake: FakeCodeHost,
  repositories: readonly FakeRepository[],
  call: FakeCall,
): FakeAnswer | null {
  if (!call.path.startsWith(`${BASE[kind]}/`)) return { status: 404, body: "<h1>Not Found</h1>" };
  const known = isKnown(kind, fake, call);
  if (call.headers.authorization !== undefined && !known)
    return answered({ message: "Bad credentials" }, 401);
  const instead = fake.instead.shift()?.(call);
  if (instead !== undefined) return instead;
  if (call.path === `${BASE[kind]}/version`) return version(kind, known);
  return ofRepository(kind, fake, repositories, call, known);
}

function version(kind: FakeHostKind, known: boolean): FakeAnswer {
  if (kind === "github") return notFound;
  if (kind === "gitlab" && !known) return answered({ message: "401 Unauthorized" }, 401);
  return answered({ version: kind === "gitlab" ? "18.4.0-ee" : "1.24.0" });
}

function ofRepository(
  kind: FakeHostKind,
  fake: FakeCodeHost,
  repositories: readonly FakeRepository[],
  call: FakeCall,
  known: boolean,
): FakeAnswer {
  const shape = kind === "gitlab" ? /^\/projects\/([^/]+)(.*)$/ : /^\/repos\/([^/]+\/[^/]+)(.*)$/;
  const [, name = "", rest = ""] = shape.exec(call.path.slice(BASE[kind].length)) ?? [];
  const path = decodeURIComponent(name);
  const moved = repositories.find(({ oldPath }) => oldPath === path);
  if (moved !== undefined) {
    const query = call.query.size === 0 ? "" : `?${call.query.toString()}`;
    const location = `${fake.apiUrl}/repos/${moved.path}${rest}${query}`;
    return { status: call.method === "GET" ? 301 : 307, body: {}, headers: { location } };
  }
  const repository = repositories.find((one) => one.path === path);
  if (repository === undefined || (repository.isPrivate && !known)) return notFound;
  if (call.method === "POST" && !(known && fake.mayWrite)) {
    return answered({ message: "Resource not accessible by personal access token" }, known ? 403 : 401);
  }
  return ANSWERS[kind](fake.origin, repository, rest, call);
}

/** Each host takes tokens in its own way. */
function isKnown(kind: FakeHostKind, { tokens }: FakeCodeHost, { headers }: FakeCall): boolean {
  const [scheme = "", value = ""] = (headers.authorization ?? "").split(" ");
  if (scheme === "Bearer") return kind !== "gitea" && tokens.has(value);
  if (scheme === "token") return kind !== "gitlab" && tokens.has(value);
  return scheme === "Basic" && kind === "gitea" && tokens.has(Buffer.from(value, "base64").toString());
}
