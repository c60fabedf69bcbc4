import { Hono } from "hono";
import { describe, expect, it } from "vitest";
import type { ApiEnv } from "./env.ts";
import { assertPolicies, routerPath } from "./register.ts";
import { route } from "./route.ts";
import type { Policy } from "./middleware/authorise.ts";
import { ANNA, BERT, createTestApi } from "./testing/test-api.ts";
import type { TestApi } from "./testing/test-api.ts";
import { ARTIFACT_ID } from "./testing/memory-files.ts";
import { DEVICE_ID } from "./testing/memory-sign-in.ts";
import { VALID_BODIES, VALID_QUERIES } from "./testing/valid-bodies.ts";

const SECRET = "GITHUB_TOKEN";
const OTHERS = { "{deviceId}": DEVICE_ID, "{keyId}": DEVICE_ID, "{templateId}": DEVICE_ID, "{list}": "ours" };
const api = createTestApi();
const specs = api.routes.map(({ spec }) => spec);
const behindKey = specs.filter(({ policy }) => policy === "key");

/** A request that its route would take from the right caller. */
async function validRequest({ useCases }: TestApi, spec: (typeof specs)[number], accountId: string) {
  const over = spec.operationId === "deleteTask";
  const { id } = useCases.addTask(accountId, over ? { state: "completed" } : {});
  await useCases.setSecret(accountId, SECRET, { value: "12345678", check: false }, "a test");
  const body = VALID_BODIES[spec.operationId];
  return {
    path: pathOf(spec, id) + (VALID_QUERIES[spec.operationId] ?? ""),
    ...(body === undefined ? {} : { body }),
  };
}

function pathOf({ path }: (typeof specs)[number], id: string): string {
  const names = {
    "{id}": id,
    "{seq}": "1",
    "{name}": SECRET,
    "{artifactId}": ARTIFACT_ID,
    "{number}": "1",
    ...OTHERS,
    "{uploadId}": ARTIFACT_ID,
  };
  return Object.entries(names).reduce((filled, [name, value]) => filled.replace(name, value), path);
}

const STRANGERS: [string, Record<string, string>][] = [
  ["nobody", {}],
  ["a malformed header", { authorization: "Bearer" }],
  ["another scheme", { authorization: "Basic a2V5LW9mLWFubmE6" }],
  ["an unknown key", { authorization: "Bearer key-of-nobody" }],
  ["two keys", { authorization: "Bearer key-of-anna key-of-bert" }],
  ["a key in a cookie", { cookie: "authorization=Bearer key-of-anna" }],
];

describe("every route", () => {
  it("is known to the router exactly as it is declared", () => {
    const routed = api.app.routes.filter(({ method, path }) => !(method === "ALL" && path === "/*"));
    const declared = specs.map((spec) => `${spec.method.toUpperCase()} ${routerPath(spec.path)}`);
    expect([...new Set(routed.map(({ method, path }) => `${method} ${path}`))].toSorted()).toEqual(
      declared.toSorted(),
    );
  });

  it("is public only where that was meant", () => {
    const open = specs.filter(({ policy }) => policy === "public").map(({ path }) => path);
    expect(open.toSorted()).toEqual([
      "/",
      "/docs",
      "/healthz",
      "/openapi.json",
      "/readyz",
      "/v1/pairing",
      "/v1/pairing/claim",
      "/v1/sign-in",
      "/v1/sign-in/link",
      "/v1/sign-in/password",
    ]);
  });

  it.each(behindKey)("$method $path is closed to strangers", async (spec) => {
    for (const [who, headers] of STRANGERS) {
      for (const accept of ["application/json", "text/event-stream"]) {
        const { path, body } = await validRequest(api, spec, "anna");
        const answer = await api.ask(spec.method.toUpperCase(), path, {
          headers: { ...headers, accept },
          body,
        });
        expect(answer.status, `${who} at ${spec.path}`).toBe(401);
      }
    }
  });

  it.each(behindKey)("$method $path asks for the key before it looks at the request", async (spec) => {
    const answer = await api.ask(
      spec.method.toUpperCase(),
      `${spec.path.replace("{id}", "nonsense")}?odd=1`,
      {
        headers: { "content-type": "text/plain", "content-length": "999999999" },
      },
    );
    expect(answer.status).toBe(401);
  });

  it.each(behindKey.filter(({ path }) => path.includes("{id}")))(
    "$method $path tells a stranger's task from a missing one by nothing",
    async (spec) => {
      const missing = "01900000-0000-7000-8000-000000000000";
      const { path, body } = await validRequest(api, spec, "anna");
      const id = /[0-9a-f-]{36}/.exec(path)?.[0] ?? "";
      const method = spec.method.toUpperCase();
      const headers = { ...BERT, "x-request-id": "request-1" };
      const foreign = await api.ask(method, path, { headers, body });
      const absent = await api.ask(method, path.replace(id, missing), { headers, body });
      expect([foreign.status, absent.status]).toEqual([404, 404]);
      expect(foreign.text.replaceAll(id, missing)).toBe(absent.text);
    },
  );

  const answering = behindKey.filter(({ responses }) => !("101" in responses));

  it.each(answering)("$method $path is open to its owner", async (spec) => {
    const { path, body } = await validRequest(api, spec, "anna");
    const answer = await api.ask(spec.method.toUpperCase(), path, { headers: ANNA, body });
    expect(answer.status).toBeLessThan(300);
  });
});

describe("the terminal's route", () => {
  it("is open to its owner, who must bring a connection of its own", async () => {
    const { id } = api.useCases.addTask("anna");
    const answer = await api.ask("GET", `/v1/tasks/${id}/terminal`, { headers: ANNA });
    expect(answer.status).toBe(400);
    expect(answer.text).toContain("agency shell");
  });
});

describe("a build with a route that nobody ruled on", () => {
  const app = () => new Hono<ApiEnv>().get("/v1/oops", (c) => c.text("hello"));
  const spec = {
    method: "get",
    path: "/v1/oops",
    operationId: "oops",
    tag: "x",
    summary: "x",
    responses: {},
  } as const;

  it("does not start when the route was added beside the table", () => {
    expect(() => assertPolicies(app(), [])).toThrow("Route GET /v1/oops has no authorisation policy.");
  });

  it("does not start when the route's policy is none", () => {
    const lax = [undefined, "", "anyone", "toString"].map((policy) =>
      route({ ...spec, policy: policy as Policy }, () => new Response()),
    );
    for (const one of lax) expect(() => assertPolicies(app(), [one])).toThrow("no authorisation policy");
  });
});
