import { AgencyError, problemSchema } from "@agency/contract";
import type { ErrorCode, Problem } from "@agency/contract";
import { expect } from "vitest";
import { buildApp } from "../app.ts";
import type { ApiApp } from "../app.ts";
import type { ApiDeps } from "../deps.ts";
import type { Route, RouteSpec } from "../route.ts";
import { apiRoutes } from "../routes/index.ts";
import { createManualClock } from "./manual-clock.ts";
import type { ManualClock } from "./manual-clock.ts";
import { createMemorySignIn } from "./memory-sign-in.ts";
import { createMemoryUseCases } from "./memory-use-cases.ts";
import type { MemoryUseCases } from "./memory-use-cases.ts";
import { createSilentLogger } from "./silent-logger.ts";
import type { LoggedLine } from "./silent-logger.ts";

/** Accounts by their key. */
export const KEYS: Record<string, string> = { "key-of-anna": "anna", "key-of-bert": "bert" };
export const ANNA = { authorization: "Bearer key-of-anna" };
export const BERT = { authorization: "Bearer key-of-bert" };
const HOST = "agency.test";

export interface TestApi {
  app: ApiApp;
  routes: Route[];
  useCases: MemoryUseCases;
  clock: ManualClock;
  lines: LoggedLine[];
  counted: string[];
  stop: () => void;
  /** Asks as Anna unless told otherwise, and holds the answer against what its route documents. */
  ask: (method: string, path: string, request?: Asked) => Promise<Answer>;
}

interface Asked {
  headers?: Record<string, string>;
  /** Sent as JSON. */
  body?: unknown;
}

export interface Answer {
  status: number;
  headers: Headers;
  text: string;
  body: unknown;
}

export function createTestApi(change: Partial<ApiDeps> = {}): TestApi {
  const useCases = createMemoryUseCases();
  const clock = createManualClock();
  const lines: LoggedLine[] = [];
  const counted: string[] = [];
  const stopping = new AbortController();
  const deps: ApiDeps = {
    useCases,
    apiKeys: { authenticate: async (authorization) => ({ accountId: accountOf(authorization), keyId: "k" }) },
    signIn: createMemorySignIn(),
    web: { answer: async () => null },
    trustedProxies: [],
    hosts: { listen: "127.0.0.1", allowed: [HOST] },
    logger: createSilentLogger(lines),
    clock,
    metrics: {
      httpRequest: (...facts) => void counted.push(facts.join(" ")),
      render: async () => ({ contentType: "text/plain; version=0.0.4", text: "up 1\n" }),
    },
    metricsPage: "key",
    version: "1.2.3",
    stopping: stopping.signal,
    ...change,
  };
  const routes = apiRoutes(deps);
  const app = buildApp(deps, routes);
  const ask = async (method: string, path: string, { headers = ANNA, body }: Asked = {}): Promise<Answer> => {
    const sent = body === undefined ? {} : { "content-type": "application/json" };
    const init: RequestInit = { method, headers: { host: HOST, ...sent, ...headers } };
    if (body !== undefined) init.body = JSON.stringify(body);
    const response = await app.request(`http://${HOST}${path}`, init, {});
    return readAnswer(specFor(routes, method, path), response);
  };
  return { app, routes, useCases, clock, lines, counted, ask, stop: () => stopping.abort() };
}

function accountOf(authorization: string | undefined): string {
  const account = KEYS[/^Bearer (\S+)$/.exec(authorization ?? "")?.[1] ?? ""];
  if (account === undefined) throw new AgencyError("unauthenticated", "This request has no valid API key.");
  return account;
}

export function specFor(routes: readonly Route[], method: string, path: string): RouteSpec | undefined {
  const parts = path.split("?", 1)[0]?.split("/") ?? [];
  return routes.find(({ spec }) => {
    const wanted = spec.path.split("/");
    const sameShape =
      wanted.length === parts.length && wanted.every((w, i) => w.startsWith("{") || w === parts[i]);
    return sameShape && spec.method === method.toLowerCase();
  })?.spec;
}

/** The answer, after checking that it is one the specification promises. */
export async function readAnswer(spec: RouteSpec | undefined, response: Response): Promise<Answer> {
  const text = await response.text();
  const { status, headers } = response;
  const type = headers.get("content-type") ?? "";
  const body: unknown = type.includes("json") && text !== "" ? JSON.parse(text) : undefined;
  if (status >= 400) {
    if (text !== "") expectProblem(body, status, type);
  } else if (spec !== undefined) {
    const documented = Object.entries(spec.responses).find(([known]) => Number(known) === status)?.[1];
    expect(documented, `${spec.operationId} documents ${status}`).toBeDefined();
    if (documented?.schema !== undefined && type === "application/json") {
      expect(
        documented.schema.safeParse(body).error,
        `${spec.operationId} answers what it documents`,
      ).toBeUndefined();
    }
  }
  return { status, headers, text, body };
}

export function expectProblem(body: unknown, status: number, type: string): Problem {
  expect(type).toBe("application/problem+json");
  const problem = problemSchema.strict().parse(body);
  expect(problem.status).toBe(status);
  expect(problem.type).toBe(`urn:agency:problem:${problem.code}`);
  expect(problem.detail).not.toMatch(/\n\s+at /);
  return problem;
}

export function codeOf(answer: Answer): ErrorCode {
  return problemSchema.parse(answer.body).code;
}
