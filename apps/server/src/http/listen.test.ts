import { connect } from "node:net";
import { AgencyError } from "@agency/contract";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { listenApi } from "./listen.ts";
import type { ApiListener } from "./listen.ts";
import { ANNA, createTestApi, expectProblem } from "./testing/test-api.ts";
import type { TestApi } from "./testing/test-api.ts";

let api: TestApi;
let listener: ApiListener;
let port: number;

let complaints: unknown[];

beforeEach(async () => {
  api = createTestApi();
  // The HTTP adapter says on the console what it could not answer.
  complaints = [];
  vi.spyOn(console, "error").mockImplementation((...said) => void complaints.push(...said));
  listener = await listenApi(api.app, "127.0.0.1", 0);
  port = Number(new URL(listener.url).port);
});

afterEach(async () => {
  api.stop();
  await listener.close();
  vi.restoreAllMocks();
  if (complaints.length > 0) throw new Error(`The HTTP adapter complained: ${complaints.join(", ")}`);
});

/** Sends these very bytes and reads until the server closes. */
async function raw(...lines: string[]): Promise<{ status: number; head: string; body: string }> {
  const socket = connect(port, "127.0.0.1");
  socket.write(lines.join("\r\n"));
  let text = "";
  for await (const chunk of socket) text += String(chunk);
  const [head = "", ...rest] = text.split("\r\n\r\n");
  return { status: Number(/^HTTP\/1\.1 (\d+)/.exec(head)?.[1]), head, body: rest.join("\r\n\r\n") };
}

const get = (target: string, ...headers: string[]) =>
  raw(`GET ${target} HTTP/1.1`, ...headers, "connection: close", "", "");

const key = `authorization: ${ANNA.authorization}`;

describe("a request on the wire", () => {
  it.each(["127.0.0.1", "localhost", "LOCALHOST"])("is served for %s", async (name) => {
    expect((await get("/v1/tasks", `host: ${name}:${port}`, key)).status).toBe(200);
  });

  it("is refused for every other host, streams and upgrades included", async () => {
    const own = `host: 127.0.0.1:${port}`;
    const refused: [string, ...string[]][] = [
      ["/v1/tasks", "host: evil.example"],
      ["/v1/tasks", `host: 127.0.0.1.evil.example:${port}`],
      ["/v1/tasks", `host: 127.0.0.1:${port + 1}`],
      ["/v1/tasks", "host: 127.0.0.1"],
      ["/v1/tasks", "host:"],
      ["/v1/tasks"],
      ["/v1/tasks", own, "host: evil.example"],
      ["/v1/tasks", "host: evil.example", own],
      [`http://127.0.0.1:${port}/v1/tasks`, own],
      ["http://evil.example/v1/tasks", own],
      [`http://127.0.0.1:${port}/v1/tasks`, "host: evil.example"],
      ["/v1/tasks", "host: evil.example", "accept: text/event-stream"],
      ["/v1/tasks/x/terminal", "host: evil.example", "upgrade: websocket", "connection: upgrade"],
      ["/nowhere", "host: evil.example"],
    ];
    for (const [target, ...headers] of refused) {
      const { status, body } = await get(target, ...headers, key);
      expect([status, JSON.parse(body).code], `${target} ${headers.join(" ")}`).toEqual([421, "wrong_host"]);
    }
    expect(api.counted.every((line) => line.endsWith("421"))).toBe(true);
  });

  it.each([
    ["host: a b", "/"],
    ["host: localhost:port", "/"],
    ["host: [::1", "/"],
    ["host: evil.example\\@localhost", "/"],
    ["host: localhost", "*"],
    ["host: localhost", "/\\..\\etc"],
    ["host: localhost", "//evil.example:x/"],
  ])("that cannot be read is refused as a problem: %s %s", async (host, target) => {
    const { status, head, body } = await get(target, host);
    expect(status).toBeGreaterThanOrEqual(400);
    expect(status).toBeLessThan(500);
    expectProblem(JSON.parse(body), status, /content-type: (\S+)/i.exec(head)?.[1] ?? "");
  });

  it("that is no HTTP, or has too much of a head, is refused as a problem", async () => {
    const nonsense = await raw("\u0016\u0003\u0001 hello", "", "");
    expectProblem(JSON.parse(nonsense.body), 400, "application/problem+json");
    expect(nonsense.head).toContain("connection: close");
    const huge = await get("/", `host: localhost:${port}`, `x-large: ${"x".repeat(40_000)}`);
    expect(huge.status).toBe(413);
  });

  it("reads a body that comes in chunks, up to the limit", async () => {
    const post = (body: ReadableStream) =>
      fetch(`${listener.url}/v1/tasks`, {
        method: "POST",
        headers: { ...ANNA, "content-type": "application/json" },
        body,
        duplex: "half",
      });
    const text = (value: string) => ReadableStream.from([new TextEncoder().encode(value)]);
    expect((await post(text('{"prompt":"x"}'))).status).toBe(201);
    expect((await post(text(`{"prompt":"${"x".repeat(9_000_000)}"}`))).status).toBe(413);
  });
});

describe("a file that is damaged on the wire", () => {
  const ask = (pieces: () => AsyncGenerator<string>) => {
    const { id } = api.useCases.addTask("anna");
    const body = async function* () {
      for await (const piece of pieces()) yield new TextEncoder().encode(piece);
      throw new AgencyError("unavailable", "It is damaged.");
    };
    const open = async () => ReadableStream.from(body());
    api.useCases.readFile = async () => ({ name: "a", bytes: 20, open });
    return fetch(`${listener.url}/v1/tasks/${id}/files/content?path=a`, { headers: ANNA });
  };

  it("is a problem when that shows before its first byte", async () => {
    const response = await ask(async function* () {});
    expect([response.status, await response.json()]).toMatchObject([503, { detail: "It is damaged." }]);
  });

  it("is cut off after that, and not filled up with the words of the error", async () => {
    const arrived = Promise.withResolvers<void>();
    const response = await ask(async function* () {
      yield "ten bytes.";
      await arrived.promise;
    });
    const reader = response.body?.getReader();
    expect((await reader?.read())?.value).toHaveLength(10);
    arrived.resolve();
    await expect(reader?.read()).rejects.toThrow("terminated");
    await expect.poll(() => complaints.splice(0)).toMatchObject([{ message: "It is damaged." }]);
  });
});

describe("a file of a checkpoint on the wire", () => {
  it("is given up when its client goes while it is checked", async () => {
    const { id } = api.useCases.addTask("anna");
    const [checking, givenUp] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    api.useCases.readCheckpointFile = async (_account, _id, _number, _path, gone) => {
      gone.addEventListener("abort", () => givenUp.resolve());
      checking.resolve();
      await givenUp.promise;
      throw new AgencyError("invalid_request", "Whoever asked for this has gone.");
    };
    const client = new AbortController();
    const url = `${listener.url}/v1/tasks/${id}/checkpoints/1/files/content?path=a`;
    const reading = fetch(url, { headers: ANNA, signal: client.signal });
    await checking.promise;
    client.abort();
    await expect(reading).rejects.toThrow("aborted");
    await givenUp.promise;
  });
});

describe("an event stream on the wire", () => {
  it("resumes by Last-Event-ID, which wins over after, and ends", async () => {
    const { id } = api.useCases.addTask("anna");
    api.useCases.log.write(id, { type: "log", data: { stream: "stdout", text: "hello" } });
    api.useCases.log.write(id, { type: "status", data: { state: "completed" } });
    const response = await fetch(`${listener.url}/v1/tasks/${id}/events?after=0`, {
      headers: { ...ANNA, accept: "text/event-stream", "last-event-id": "1" },
    });
    expect(Object.fromEntries(response.headers)).toMatchObject({
      "content-type": "text/event-stream; charset=utf-8",
      "cache-control": "no-store",
      "x-accel-buffering": "no",
      "x-content-type-options": "nosniff",
    });
    const text = await response.text();
    expect(text.match(/^(id|event): .*$/gm)).toEqual([
      "id: 2",
      "event: log",
      "id: 3",
      "event: status",
      "event: end",
    ]);
  });

  it("passes on only the types asked for", async () => {
    const { id } = api.useCases.addTask("anna");
    api.useCases.log.write(id, { type: "log", data: { stream: "stdout", text: "x" } });
    api.useCases.log.write(id, { type: "status", data: { state: "failed" } });
    const response = await fetch(`${listener.url}/v1/tasks/${id}/events?types=log`, {
      headers: { ...ANNA, accept: "text/event-stream" },
    });
    expect((await response.text()).match(/^event: .*$/gm)).toEqual(["event: log", "event: end"]);
  });

  it("is refused as a problem before it begins", async () => {
    const headers = { ...ANNA, accept: "text/event-stream" };
    const missing = await fetch(`${listener.url}/v1/tasks/01900000-0000-7000-8000-000000000000/events`, {
      headers,
    });
    expect(missing.status).toBe(404);
    const { id } = api.useCases.addTask("anna");
    const odd = { ...headers, "last-event-id": "first" };
    expect((await fetch(`${listener.url}/v1/tasks/${id}/events`, { headers: odd })).status).toBe(400);
    expect((await fetch(`${listener.url}/v1/tasks/${id}/events?after=-1`, { headers })).status).toBe(400);
  });

  it("is only described to HEAD", async () => {
    const { id } = api.useCases.addTask("anna");
    const { status, body } = await raw(
      `HEAD /v1/tasks/${id}/events HTTP/1.1`,
      `host: localhost:${port}`,
      key,
      "accept: text/event-stream",
      "connection: close",
      "",
      "",
    );
    expect([status, body]).toEqual([200, ""]);
  });

  it("does not keep a stopping server waiting", async () => {
    const { id } = api.useCases.addTask("anna");
    const response = await fetch(`${listener.url}/v1/tasks/${id}/events`, {
      headers: { ...ANNA, accept: "text/event-stream" },
    });
    const reading = response.text();
    api.stop();
    await listener.close();
    expect(await reading).toContain("event: status");
  });
});

describe("listening", () => {
  it("says in a sentence that the port is in use", async () => {
    await expect(listenApi(api.app, "127.0.0.1", port)).rejects.toMatchObject({
      code: "unavailable",
      message: `Port ${port} of 127.0.0.1 is in use by another program.`,
      next: expect.stringContaining("AGENCY_PORT"),
    });
  });

  it("says in a sentence that the address is not one of this machine", async () => {
    await expect(listenApi(api.app, "192.0.2.1", 0)).rejects.toMatchObject({
      code: "unavailable",
      next: expect.stringContaining("AGENCY_LISTEN"),
    });
  });
});
