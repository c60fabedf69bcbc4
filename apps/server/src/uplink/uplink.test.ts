import { mkdtemp, readdir, rm, stat } from "node:fs/promises";
import { Agent, request } from "node:http";
import type { IncomingMessage, OutgoingHttpHeaders } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { AgencyError, DEFAULT_LIMITS } from "@agency/contract";
import type { EventBatch, RunnerCommand } from "@agency/contract";
import type { AttemptAccess } from "@agency/core";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createSilentLogger } from "../http/testing/silent-logger.ts";
import type { LoggedLine } from "../http/testing/silent-logger.ts";
import { createUplinkApp } from "./app.ts";
import type { UplinkDeps } from "./app.ts";
import { listenUplink } from "./listen.ts";
import type { ConnectHandler, UplinkListener } from "./listen.ts";

const RUNNER = { authorization: "Bearer of-a-runner" };
const FENCED = { authorization: "Bearer of-yesterday" };
const AT = "2026-03-01T12:00:00.000Z";

const access: AttemptAccess = {
  attemptId: "attempt",
  taskId: "task",
  accountId: "anna",
  epoch: 1,
  taskEpoch: 1,
  live: true,
  kept: false,
  working: true,
  finalizing: false,
  hold: null,
  holdUntil: null,
  onUsageLimit: "next",
  strictEgress: false,
  eventsPerSecond: 1000,
  outputBytes: 0,
  outputLimit: 1_000_000,
  demo: false,
  costUsd: 0,
  budgetUsd: 1,
};

let folder: string;
let listener: UplinkListener;
let agent: Agent;
let lines: LoggedLine[];
let heard: string[];
let batches: EventBatch[];
let asked: string[];
let deps: UplinkDeps;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "door-"));
  [lines, heard, batches, asked] = [[], [], [], []];
  deps = {
    async access(token) {
      if (token === "of-a-runner") return access;
      if (token === "of-yesterday") throw new AgencyError("fenced", "Attempt 1 of this task is over.");
      throw new AgencyError("unauthenticated", "This is not a token of a known attempt.");
    },
    hello: async (input) => ({ greeted: input.nonce }) as never,
    async ingest(_access, batch) {
      batches.push(batch);
      return batch.from + batch.events.length - 1;
    },
    async ask(_access, input) {
      if (input.id === "late") throw new AgencyError("conflict", "Nobody will answer.");
      asked.push(input.id);
    },
    finish: async (_access, input) =>
      input.finalSeq === 7 ? { accepted: true, keepMs: null } : { accepted: false, have: 5 },
    takeBlob: async () => ({ id: "blob" }),
    takeCheckpoint: async () => undefined,
    openRestore: async () => ({ bytes: 0, body: new Blob([]).stream() }),
    visit: (token) => deps.access(token),
    world: (token) => deps.access(token),
    storing: async () => undefined,
    lowerLimits: async () => DEFAULT_LIMITS,
    async *feed() {
      yield { kind: "ping" };
    },
    heard: (attemptId) => void heard.push(attemptId),
    models: { anthropic: async (_request, path) => new Response(`model ${path}`) },
    git: async (_request, path, { taskId }) => new Response(`git ${path} of ${taskId}`),
    logger: createSilentLogger(lines),
  };
  agent = new Agent({ keepAlive: true });
  listener = await open();
});

afterEach(async () => {
  agent.destroy();
  await listener.close();
  await rm(folder, { recursive: true });
});

/** The app reads its dependencies when it is asked, so a test may still change them. */
function open(): Promise<UplinkListener> {
  const late: UplinkDeps = {
    ...deps,
    ingest: (...args) => deps.ingest(...args),
    world: (token) => deps.world(token),
    feed: (...args) => deps.feed(...args),
    models: { anthropic: (...args) => (deps.models["anthropic"] ?? missing)(...args) },
  };
  const say: ConnectHandler = (_incoming, socket) => socket.end("connected");
  return listenUplink(createUplinkApp(late), { connect: say, upgrade: say }, folder);
}

async function missing(): Promise<Response> {
  throw new Error("no such model");
}

interface Asked {
  headers?: OutgoingHttpHeaders;
  body?: string;
}

function start(
  method: string,
  path: string,
  { headers = RUNNER, body }: Asked = {},
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const length = body === undefined ? {} : { "content-length": Buffer.byteLength(body) };
    const sent = request({
      socketPath: listener.path,
      agent,
      method,
      path,
      headers: { host: "uplink", ...length, ...headers },
    });
    sent.on("response", resolve);
    sent.on("error", reject);
    sent.end(body);
  });
}

async function ask(method: string, path: string, asked: Asked = {}) {
  const response = await start(method, path, asked);
  const said = await text(response);
  const isJson = response.headers["content-type"]?.includes("json") === true;
  return { status: response.statusCode, said, body: isJson ? JSON.parse(said) : undefined };
}

const batch = (data: string, from = 1) =>
  `{"from":${from},"events":[{"at":"${AT}","type":"log","data":${data}}]}`;

describe("a runner", () => {
  it("says hello with the token in the body", async () => {
    const hello = {
      taskId: "01900000-0000-7000-8000-000000000000",
      epoch: 1,
      token: "t",
      runnerVersion: "1",
      pid: 7,
      nonce: "12345678",
    };
    expect(await ask("POST", "/uplink/hello", { headers: {}, body: JSON.stringify(hello) })).toMatchObject({
      status: 200,
      body: { greeted: "12345678" },
    });
  });

  it("sends events and learns how far they are stored", async () => {
    const body = batch('{"stream":"stdout","text":"x"}', 4);
    expect(await ask("POST", "/uplink/events", { body })).toMatchObject({ status: 200, body: { ack: 4 } });
    expect(heard).toEqual(["attempt"]);
  });

  it("puts its questions, and learns when nobody will answer", async () => {
    const question = (id: string) =>
      JSON.stringify({ id, kind: "question", questions: [{ text: "Which of the two?" }] });
    expect(await ask("POST", "/uplink/ask", { body: question("q1") })).toMatchObject({ status: 200 });
    expect(await ask("POST", "/uplink/ask", { body: question("late") })).toMatchObject({
      status: 409,
      body: { code: "conflict" },
    });
    const empty = JSON.stringify({ id: "q2", kind: "question", questions: [] });
    expect(await ask("POST", "/uplink/ask", { body: empty })).toMatchObject({ status: 400 });
    expect(asked).toEqual(["q1"]);
  });

  it("gets any JSON at all to ingest, which knows what to do with it", async () => {
    const deep = `${"[".repeat(20_000)}1${"]".repeat(20_000)}`;
    for (const data of [
      deep,
      "1e400",
      '"\\ud800\\u0000"',
      '{"__proto__":{"a":1}}',
      '{"a":1,"a":2}',
      "null",
    ]) {
      expect((await ask("POST", "/uplink/events", { body: batch(data) })).status).toBe(200);
    }
    expect(batches).toHaveLength(6);
    expect(lines).toEqual([]);
  });

  it.each([
    ["not JSON", "{", "invalid_json"],
    ["no batch", '{"from":0,"events":[]}', "invalid_request"],
    ["an event without data", `{"from":1,"events":[{"at":"${AT}","type":"log"}]}`, "invalid_request"],
    [
      "too many events",
      JSON.stringify({
        from: 1,
        events: Array.from({ length: 1001 }, () => ({ at: AT, type: "log", data: 1 })),
      }),
      "invalid_request",
    ],
  ])("is told that a body is refused for good: %s", async (_what, body, code) => {
    expect(await ask("POST", "/uplink/events", { body })).toMatchObject({ status: 400, body: { code } });
  });

  it("is told that a body is too large before it has sent it", async () => {
    const headers = { ...RUNNER, "content-length": 17 * 1024 * 1024, expect: "100-continue" };
    const answer = await start("POST", "/uplink/events", { headers }).catch(() => null);
    expect([413, undefined]).toContain(answer?.statusCode);
    answer?.destroy();
  });

  it("is done, or hears what is missing", async () => {
    const outcome = {
      state: "completed",
      reason: null,
      summary: "",
      files: null,
      added: null,
      removed: null,
      commit: null,
      commits: [],
      branch: null,
      checks: [],
    };
    const finish = (finalSeq: number) =>
      ask("POST", "/uplink/finished", { body: JSON.stringify({ finalSeq, outcome }) });
    expect(await finish(7)).toMatchObject({ status: 200, body: {} });
    expect(await finish(9)).toMatchObject({ status: 409, body: { have: 5 } });
  });

  it("hears commands as they come, after the last one it knows", async () => {
    const gate = Promise.withResolvers<RunnerCommand>();
    deps.feed = async function* (_access, after) {
      yield { kind: "ping" };
      yield { ...(await gate.promise), id: `after ${after}` };
      yield { kind: "fenced" };
    };
    const stream = await start("GET", "/uplink/commands?after=c7");
    expect(stream.headers["content-type"]).toBe("application/x-ndjson");
    stream.setEncoding("utf8");
    const frames: string[] = [];
    for await (const chunk of stream) {
      frames.push(...String(chunk).trim().split("\n"));
      gate.resolve({ kind: "interrupt", id: "c8" });
    }
    expect(frames).toEqual(['{"kind":"ping"}', '{"kind":"interrupt","id":"after c7"}', '{"kind":"fenced"}']);
  });

  it("that hangs up leaves nothing behind", async () => {
    const cleaned = Promise.withResolvers<void>();
    deps.feed = async function* (_access, _after, signal) {
      try {
        yield { kind: "ping" };
        await new Promise((resolve) => signal.addEventListener("abort", resolve));
        yield { kind: "ping" };
      } finally {
        cleaned.resolve();
      }
    };
    const stream = await start("GET", "/uplink/commands");
    stream.once("data", () => stream.destroy());
    expect(await cleaned.promise).toBeUndefined();
  });

  it("sees the stream end when it cannot go on, and asks again", async () => {
    deps.feed = async function* () {
      yield { kind: "ping" };
      throw new Error("the database is away");
    };
    const stream = await start("GET", "/uplink/commands");
    expect(await text(stream)).toBe('{"kind":"ping"}\n');
    expect(lines.map(({ level }) => level)).toEqual(["warn"]);
    expect((await ask("POST", "/uplink/events", { body: batch("1") })).status).toBe(200);
  });
});

describe("the door", () => {
  const routes: [string, string][] = [
    ["POST", "/uplink/events"],
    ["POST", "/uplink/finished"],
    ["GET", "/uplink/commands"],
    ["PUT", "/uplink/blobs"],
    ["POST", "/uplink/checkpoints"],
    ["GET", "/uplink/restore"],
    ["GET", "/git/x/info/refs"],
    ["POST", "/git/x/git-upload-pack"],
  ];

  it.each(routes)("%s %s is closed to strangers and to attempts that are over", async (method, path) => {
    for (const [headers, status, code] of [
      [{}, 401, "unauthenticated"],
      [{ authorization: "Bearer sk-ant-agency_x" }, 401, "unauthenticated"],
      [{ authorization: "of-a-runner" }, 401, "unauthenticated"],
      [FENCED, 410, "fenced"],
    ] as const) {
      expect(await ask(method, path, { headers, body: "{" })).toMatchObject({ status, body: { code } });
    }
    expect([heard, batches]).toEqual([[], []]);
  });

  it("hands model calls on with what follows the vendor, as it came", async () => {
    const answer = await ask("POST", "/model/anthropic/v1/messages?beta=%2Ftrue", {
      headers: {},
      body: "{}",
    });
    expect(answer).toMatchObject({ status: 200, said: "model /v1/messages?beta=%2Ftrue" });
    for (const vendor of ["nobody", "toString", "__proto__"]) {
      expect((await ask("POST", `/model/${vendor}/v1/messages`)).status).toBe(404);
    }
  });

  it("streams a model's answer while it is being made, and tells the maker when nobody listens", async () => {
    const gate = Promise.withResolvers<void>();
    const cancelled = Promise.withResolvers<void>();
    const encoder = new TextEncoder();
    deps.models = {
      anthropic: async () =>
        new Response(
          new ReadableStream({
            async pull(controller) {
              controller.enqueue(encoder.encode("piece "));
              await gate.promise;
            },
            cancel: () => cancelled.resolve(),
          }),
        ),
    };
    const stream = await start("POST", "/model/anthropic/v1/messages", { body: "{}" });
    const [first] = await new Promise<string[]>((resolve) =>
      stream.once("data", (chunk) => resolve([String(chunk)])),
    );
    expect(first).toContain("piece");
    stream.destroy();
    gate.resolve();
    expect(await cancelled.promise).toBeUndefined();
  });

  it("hands git on for the task of the runner that asks", async () => {
    expect(
      await ask("GET", "/git/https%3A%2F%2Fhost%2Frepo/info/refs?service=git-upload-pack"),
    ).toMatchObject({
      said: "git /https%3A%2F%2Fhost%2Frepo/info/refs?service=git-upload-pack of task",
    });
  });

  it("leads nowhere else", async () => {
    for (const path of ["/", "/v1/tasks", "/metrics", "/uplink", "/model/anthropic/../../v1/tasks"]) {
      expect(await ask("GET", path)).toMatchObject({ status: 404, body: { code: "not_found" } });
    }
  });

  it("hands nothing of git on to a runner whose work is over", async () => {
    deps.world = () => Promise.reject(new AgencyError("forbidden", "The work is over."));
    expect(await ask("GET", "/git/x/info/refs")).toMatchObject({ status: 403 });
  });

  it("says nothing of its own failures", async () => {
    deps.ingest = async () => {
      throw new Error("column x of relation y");
    };
    const answer = await ask("POST", "/uplink/events", { body: batch("1") });
    expect(answer).toMatchObject({ status: 500, body: { code: "internal" } });
    expect(answer.said).not.toContain("relation");
    expect(lines.map(({ level }) => level)).toEqual(["error"]);
  });
});

describe("the socket of the door", () => {
  it("is open to every user and gone after the end", async () => {
    expect((await stat(listener.path)).mode & 0o777).toBe(0o666);
    const second = await open();
    expect(await readdir(folder)).toHaveLength(2);
    await second.close();
    expect(await readdir(folder)).toEqual([listener.path.slice(folder.length + 1)]);
  });

  it("ends the streams it carries when it closes", async () => {
    deps.feed = async function* (_access, _after, signal) {
      yield { kind: "ping" };
      await new Promise((resolve) => signal.addEventListener("abort", resolve));
    };
    const stream = await start("GET", "/uplink/commands");
    const reading = text(stream).catch(() => "cut");
    await listener.close();
    expect(await reading).toBe("cut");
  });
});
