import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, it } from "vitest";
import { createClient } from "./client.ts";
import { scriptedFetch } from "./testing/scripted-fetch.ts";
import type { Scripted } from "./testing/scripted-fetch.ts";

const task = {
  id: "0198c3f2-7a1b-7000-8000-000000000001",
  name: "n",
  state: "queued",
  reason: null,
  message: null,
  cancelRequested: false,
  prompt: "p",
  engine: "claude",
  model: null,
  provider: "local",
  repository: null,
  limits: {
    wallMs: 1000,
    silenceMs: 1000,
    turns: 1,
    costUsd: 1,
    outputBytes: 1_048_576,
    eventsPerSecond: 10,
  },
  repositories: [],
  network: "none",
  allowInternalNetwork: false,
  approve: "none",
  onBudget: "wait",
  onUsageLimit: "next",
  project: null,
  deliver: "files",
  checks: [],
  resumedFrom: null,
  keepMs: null,
  sandbox: null,
  waits: [],
  asks: [],
  waitedMs: 0,
  demo: false,
  labels: {},
  priority: 0,
  parentId: null,
  attempt: 0,
  lastSeq: 0,
  costUsd: 0,
  usage: { input: 0, output: 0, cacheRead: 0, cacheWrite: 0, calls: 0 },
  activity: null,
  lastEventAt: null,
  result: null,
  notBefore: null,
  createdAt: "2026-01-01T00:00:00.000Z",
  startedAt: null,
  finishedAt: null,
};
const problem = (code: string, status: number) => ({
  type: "about:blank",
  title: "t",
  status,
  code,
  detail: "What failed.",
  next: "What to do.",
  requestId: "r-1",
});

function clientWith(...script: Scripted[]) {
  const { fetch, seen } = scriptedFetch(script);
  return { client: createClient({ baseUrl: "http://agency.test", apiKey: "secret", fetch }), seen };
}

describe("the calls", () => {
  it("creates a task once for an idempotency key", async () => {
    const { client, seen } = clientWith({ status: 201, json: task }, { status: 201, json: task });
    await client.createTask({ prompt: "p" }, { idempotencyKey: "once" });
    await client.createTask({ prompt: "p" });
    expect(seen[0]).toMatchObject({
      method: "POST",
      url: "http://agency.test/v1/tasks",
      headers: {
        "idempotency-key": "once",
        authorization: "Bearer secret",
        "content-type": "application/json",
      },
      body: { prompt: "p" },
    });
    expect(seen[1]?.headers["idempotency-key"]).toMatch(/^[0-9a-f-]{36}$/);
  });

  it("asks for tasks by every filter", async () => {
    const { client, seen } = clientWith({ status: 200, json: { tasks: [task], nextCursor: null } });
    await client.listTasks({
      states: ["queued", "running"],
      label: { key: "team", value: "a b" },
      search: "x",
      limit: 5,
    });
    expect(seen[0]?.url).toBe(
      "http://agency.test/v1/tasks?search=x&limit=5&state=queued%2Crunning&label=team%3Da+b",
    );
  });

  it("steers a task that waits", async () => {
    const { client, seen } = clientWith(...Array.from({ length: 4 }, () => ({ status: 200, json: task })));
    await client.pauseTask(task.id);
    await client.resumeTask(task.id);
    await client.answerTask(task.id, { answer: { kind: "approval", allow: true } });
    await client.changeLimits(task.id, { add: { costUsd: 5 } });
    const path = `http://agency.test/v1/tasks/${task.id}`;
    expect(seen.map(({ method, url, body }) => [method, url, body])).toEqual([
      ["POST", `${path}/pause`, undefined],
      ["POST", `${path}/resume`, undefined],
      ["POST", `${path}/answers`, { answer: { kind: "approval", allow: true } }],
      ["PATCH", `${path}/limits`, { add: { costUsd: 5 } }],
    ]);
  });

  it("reads and writes what belongs to the account", async () => {
    const span = { capUsd: null, spentUsd: 0, resetsAt: "2026-01-02T00:00:00.000Z" };
    const budget = { status: 200, json: { day: span, month: span } };
    const secret = {
      name: "GIT_TOKEN@git.example.com:8443",
      project: null,
      kind: "token",
      use: "git",
      source: "stored",
      hint: "…abcd",
      version: 1,
      updatedAt: null,
      checked: null,
    };
    const { client, seen } = clientWith(
      budget,
      budget,
      { status: 200, json: { secrets: [secret] } },
      { status: 200, json: secret },
      { status: 204 },
      { status: 200, json: { rewrapped: 1, keyId: "k2" } },
      { status: 200, json: { entries: [], nextCursor: null } },
    );
    await client.budget();
    await client.setBudget({ dayUsd: 5, monthUsd: null });
    expect(await client.secrets()).toEqual([secret]);
    await client.setSecret(secret.name, { value: "12345678" });
    await client.removeSecret(secret.name, { project: "web" });
    await client.rotateSecrets();
    await client.audit({ limit: 5 });
    const name = "GIT_TOKEN%40git.example.com%3A8443";
    expect(seen.map(({ method, url }) => `${method} ${url.replace("http://agency.test/v1", "")}`)).toEqual([
      "GET /budget",
      "PUT /budget",
      "GET /secrets",
      `PUT /secrets/${name}`,
      `DELETE /secrets/${name}?project=web`,
      "POST /secrets/rotate",
      "GET /audit?limit=5",
    ]);
  });

  it("reads and changes what runs may reach", async () => {
    const network = { lists: [{ name: "ours", hosts: ["a.example"] }], never: [], default: null };
    const answer = { status: 200, json: network };
    const { client, seen } = clientWith(answer, answer, answer, { status: 204 });
    expect(await client.network()).toEqual(network);
    await client.changeNetwork({ close: ["bad.example"], default: "none" });
    await client.setNetworkList("ours", ["a.example"]);
    await client.removeNetworkList("../keys");
    const path = "http://agency.test/v1/network";
    expect(seen.map(({ method, url, body }) => [method, url, body])).toEqual([
      ["GET", path, undefined],
      ["PATCH", path, { close: ["bad.example"], default: "none" }],
      ["PUT", `${path}/lists/ours`, { hosts: ["a.example"] }],
      ["DELETE", `${path}/lists/..%2Fkeys`, undefined],
    ]);
  });

  it("reaches every other path", async () => {
    const list: Scripted[] = [{ status: 202, json: task }, { status: 202 }, { status: 204 }, { status: 200 }];
    const { client, seen } = clientWith(
      ...list,
      { status: 200, json: { engines: [] } },
      { status: 200, json: { providers: [] } },
    );
    await client.cancelTask("a/b");
    await client.sendMessage("t", { text: "hi" });
    await client.deleteTask("t");
    await client.ready();
    expect(await client.engines()).toEqual([]);
    expect(await client.providers()).toEqual([]);
    expect(
      seen.map((request) => `${request.method} ${request.url.slice("http://agency.test".length)}`),
    ).toEqual([
      "POST /v1/tasks/a%2Fb/cancel",
      "POST /v1/tasks/t/messages",
      "DELETE /v1/tasks/t",
      "GET /readyz",
      "GET /v1/engines",
      "GET /v1/providers",
    ]);
  });

  it("leaves out of a page the events of a newer server", async () => {
    const event = {
      seq: 2,
      at: "2026-01-01T00:00:00.000Z",
      epoch: 1,
      type: "notice",
      data: { level: "info", text: "x" },
    };
    const json = {
      events: [{ ...event, seq: 1, type: "hologram" }, event],
      firstSeq: 1,
      lastSeq: 2,
      nextAfter: null,
    };
    const { client } = clientWith({ status: 200, json });
    expect((await client.listEvents("t")).events.map((found) => found.seq)).toEqual([2]);
  });
});

describe("failures", () => {
  it("carries the server's code, sentence, next step and request id", async () => {
    const { client } = clientWith({ status: 404, json: problem("not_found", 404) });
    const expected = {
      name: "AgencyError",
      code: "not_found",
      message: "What failed.",
      next: "What to do.",
      requestId: "r-1",
    };
    await expect(client.getTask("t")).rejects.toMatchObject(expected);
  });

  it.each([
    [{ status: 401 }, "unauthenticated"],
    [{ status: 503 }, "unavailable"],
    [{ status: 404, json: "<html>" }, "upstream_failed"],
    [{ status: 302, headers: { location: "http://evil.test/" } }, "upstream_failed"],
    [{ status: 200, json: { not: "a task" } }, "upstream_failed"],
    [{ status: 200 }, "upstream_failed"],
  ])("of an answer that is not Agency's: %o", async (answer, code) => {
    const { client, seen } = clientWith(answer);
    await expect(client.getTask("t")).rejects.toMatchObject({ code, next: expect.any(String) });
    expect(seen).toHaveLength(1);
  });

  it("names the address when nothing answers there", async () => {
    const server = createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => server.once("listening", resolve));
    const { port } = server.address() as AddressInfo;
    await new Promise((resolve) => server.close(resolve));
    const client = createClient({ baseUrl: `http://127.0.0.1:${port}`, apiKey: null });
    await expect(client.status()).rejects.toMatchObject({
      code: "unavailable",
      message: `Nothing answers at http://127.0.0.1:${port}.`,
      next: "Start the server with `agency up`, or check AGENCY_URL.",
    });
  });

  it("does not wait for ever", async () => {
    const server = createServer(() => {}).listen(0, "127.0.0.1");
    await new Promise((resolve) => server.once("listening", resolve));
    const { port } = server.address() as AddressInfo;
    const client = createClient({ baseUrl: `http://127.0.0.1:${port}`, apiKey: null, timeoutMs: 10 });
    await expect(client.status()).rejects.toMatchObject({
      code: "unavailable",
      message: expect.stringContaining("in time"),
    });
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  it("leaves an abort of the caller alone", async () => {
    const { client } = clientWith({ fails: new Error("x") });
    const signal = AbortSignal.abort(new Error("mine"));
    await expect(client.getTask("t", { signal })).rejects.toThrow("mine");
  });
});
