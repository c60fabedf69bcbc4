import { connect } from "node:net";
import { EVENT_TYPES } from "@agency/contract";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { listenApi } from "./listen.ts";
import type { RouteSpec } from "./route.ts";
import { ANNA, createTestApi, expectProblem, readAnswer, specFor } from "./testing/test-api.ts";
import { ARTIFACT_ID } from "./testing/memory-files.ts";
import { VALID_BODIES } from "./testing/valid-bodies.ts";

const RUNS = 300;
const HANG_MS = 5_000;

const api = createTestApi();
const live = api.useCases.addTask("anna").id;
const ended = api.useCases.addTask("anna", { state: "completed" }).id;
api.useCases.log.write(
  live,
  ...Array.from({ length: 150 }, () => ({ type: "feature_start" as const, data: { id: "f" } })),
);

/** What has broken servers before, among them texts that PostgreSQL refuses. */
const nasty = fc.constantFrom(
  ..."\0|\ud800|\udfff\ud800|__proto__|constructor|toString|../../etc/passwd|%00|%2e%2e%2f|%c0%ae|1e400|-0|NaN".split(
    "|",
  ),
  ..."-1|0x10| 1 |1,2|true|null|undefined|[]|{}|' or 1=1 --|${7*7}|$(id)|\r\nset-cookie: a=b".split("|"),
  ..."\u202e\u2066|\ufeff|＜script＞|<script>alert(1)</script>|\u001b]8;;x\u0007|ﷺ|👩‍👩‍👧".split("|"),
  "",
  "x".repeat(5_000),
);
const anyText = fc.oneof(nasty, fc.string({ unit: "binary", maxLength: 40 }), fc.string({ maxLength: 20 }));
const anyValue = fc.oneof(
  anyText,
  fc.jsonValue({ maxDepth: 4 }),
  fc.constantFrom(Number.MAX_VALUE, Number.NaN, 1e-320, -1, 0, 0.1, {}, [], null, true),
);

const task = {
  prompt: "add a test",
  engine: "claude",
  model: "m",
  provider: "local",
  repository: { url: "https://host/repo", branch: "main" },
  limits: { wallMs: 60_000, silenceMs: 60_000, turns: 5, costUsd: 1 },
  repositories: ["https://host/other"],
  network: { allow: ["dev", "*.example.com:8443"] },
  commandPolicy: { allow: ["git *"], deny: ["rm *"] },
  secrets: { GITHUB_TOKEN: "ghp_0123456789" },
  env: { A: "1" },
  demo: true,
  name: "a name",
  labels: { team: "a" },
  priority: 1,
  notBefore: "2030-01-01T00:00:00Z",
  parentId: live,
  resume: { taskId: live, checkpoint: 1, fork: true },
  deliver: "branch",
  checks: ["npm test"],
  artifacts: ["dist/**"],
};
const VALID: Readonly<Record<string, object>> = { ...VALID_BODIES, createTask: task };

const deep = (open: string, close: string) => `${open.repeat(20_000)}1${close.repeat(20_000)}`;
const rawBodies = [
  "",
  "{",
  "[",
  '"',
  "nul",
  "\0",
  "\ufeff{}",
  '{"prompt":1e400}',
  '{"prompt":"a","prompt":["b"]}',
  "1".repeat(10_000),
  deep("[", "]"),
  deep('{"prompt":', "}"),
  `{"env":${deep('{"A":', "}")}}`,
  `{"labels":${deep('{"a":', "}")}}`,
  '{"prompt":"x","__proto__":{"engine":"y"}}',
  '{"prompt":"x","env":{"__proto__":"1"}}',
  '{"constructor":{"prototype":{}}}',
  '{"prompt":"\\ud800"}',
  '{"prompt":"\\u0000"}',
  '{"text":"\\udfff"}',
  `{"prompt":"${"x".repeat(1_100_000)}"}`,
];

/** A body that is right but for one field, or for one field too many. */
function nearlyValid(valid: object): fc.Arbitrary<string> {
  const changed = fc
    .tuple(fc.oneof(fc.constantFrom(...Object.keys(valid)), anyText), anyValue)
    .map(([key, value]) => JSON.stringify({ ...valid, [key]: value }));
  const inner = fc
    .tuple(
      fc.constantFrom(
        "limits",
        "repository",
        "env",
        "labels",
        "network",
        "answer",
        "set",
        "add",
        "secrets",
        "resume",
      ),
      anyText,
      anyValue,
    )
    .map(([key, name, value]) => JSON.stringify({ ...valid, [key]: { [name]: value } }));
  return fc.oneof(changed, inner, fc.constant(JSON.stringify(valid)));
}

function bodyFor({ operationId }: RouteSpec): fc.Arbitrary<string> {
  const bodies = [fc.constantFrom(...rawBodies), anyValue.map((value) => JSON.stringify(value) ?? "")];
  const valid = VALID[operationId];
  return fc.oneof(...bodies, ...(valid === undefined ? [] : [nearlyValid(valid), nearlyValid(valid)]));
}

const pathId = fc.oneof(
  fc.constantFrom(
    live,
    ended,
    "GITHUB_TOKEN",
    "GIT_TOKEN@host:1",
    live.toUpperCase(),
    "01900000-0000-7000-8000-000000000000",
    "%",
    "%e0%a4%a",
  ),
  anyText.map((text) => encodeURIComponent(text.toWellFormed())),
);

function queryFor(spec: RouteSpec): fc.Arbitrary<string> {
  const names = [...Object.keys(spec.query?.shape ?? {}), "__proto__", "limit"];
  const name = fc.oneof(fc.constantFrom(...names), anyText);
  const value = fc.oneof(
    anyText,
    fc.constantFrom("1", "100", live, "a=b", "running", ...EVENT_TYPES.slice(0, 3)),
  );
  const escaped = fc
    .tuple(name, value)
    .map((pair) => pair.map((part) => encodeURIComponent(part.toWellFormed())).join("="));
  const raw = fc.constantFrom("%", "&&&", "=", "a=%ff", "limit[]=1", "+", "state=%00", "limit=1;limit=2");
  return fc
    .array(fc.oneof(escaped, escaped, raw), { maxLength: 3 })
    .map((parts) => (parts.length === 0 ? "" : `?${parts.join("&")}`));
}

/** A second id is right, so that what is behind it is reached, too. */
function fill(path: string, id: string): string {
  return path.replace(/\{(?:id|name)\}/, id).replace("{artifactId}", ARTIFACT_ID);
}

const headerValue = anyText.map((text) => text.replaceAll(/[^\x20-\x7e]/g, "?"));
const headers = fc.dictionary(
  fc.constantFrom(
    "accept",
    "content-type",
    "last-event-id",
    "idempotency-key",
    "x-request-id",
    "range",
    "if-range",
    "if-none-match",
    "cookie",
    "te",
  ),
  fc.oneof(
    headerValue,
    fc.constantFrom("bytes=0-", "bytes=1-3", "bytes=-2", "bytes=99-", "bytes=3-1", "bytes=0-1,3-4"),
    fc.constantFrom("text/event-stream", "application/json", "*/*;q=0.1", "application/json;charset=x"),
  ),
  { maxKeys: 3 },
);

const request = (spec: RouteSpec) =>
  fc.record({
    method: fc.oneof(
      { weight: 8, arbitrary: fc.constant(spec.method.toUpperCase()) },
      {
        weight: 1,
        arbitrary: fc.constantFrom(
          "HEAD",
          "OPTIONS",
          "PUT",
          "PATCH",
          "DELETE",
          "BREW",
          "PROPFIND",
          "X".repeat(200),
        ),
      },
    ),
    path: fc.tuple(pathId, queryFor(spec)).map(([id, query]) => fill(spec.path, id) + query),
    headers: fc
      .tuple(headers, fc.boolean())
      .map(([odd, json]) => ({ ...(json ? { "content-type": "application/json" } : {}), ...odd })),
    body: bodyFor(spec),
  });

interface Fuzzed {
  method: string;
  path: string;
  headers: Record<string, string>;
  body: string;
}

async function check({ method, path, headers: odd, body }: Fuzzed): Promise<void> {
  const url = `http://agency.test${path}`;
  const init: RequestInit = { method, headers: { host: "agency.test", ...ANNA, ...odd } };
  if (method !== "GET" && method !== "HEAD") init.body = body;
  const startedAt = performance.now();
  const response = await api.app.request(url, init, {});
  expect(response.status).toBeLessThan(500);
  await readAnswer(specFor(api.routes, method, new URL(url).pathname), response);
  expect(performance.now() - startedAt).toBeLessThan(HANG_MS);
}

describe("no request makes the API fail", () => {
  it.each(api.routes.map(({ spec }) => spec))("$method $path", { timeout: 60_000 }, async (spec) => {
    await fc.assert(fc.asyncProperty(request(spec), check), { numRuns: RUNS });
    expect(api.lines.filter(({ level }) => level === "error")).toEqual([]);
    expect(Object.keys({})).toEqual([]);
  });

  it("on any path at all", async () => {
    const part = fc.oneof(
      fc.constantFrom("v1", "tasks", "..", ".", "", "%2f", "%5c", "events", live),
      pathId,
    );
    const paths = fc.array(part, { maxLength: 6 }).map((parts) => `/${parts.join("/")}`);
    await fc.assert(
      fc.asyncProperty(paths, fc.constantFrom("GET", "POST", "DELETE", "OPTIONS"), (path, method) =>
        check({ method, path, headers: {}, body: "{}" }),
      ),
      { numRuns: RUNS },
    );
    expect(api.lines.filter(({ level }) => level === "error")).toEqual([]);
  });
});

describe("no bytes make the listener fail", () => {
  it("whatever stands where a request should", async () => {
    const listener = await listenApi(api.app, "127.0.0.1", 0);
    const port = Number(new URL(listener.url).port);
    const line = fc.oneof(
      fc.constantFrom(
        "GET / HTTP/1.1",
        "GET /v1/tasks HTTP/1.1",
        "POST /v1/tasks HTTP/1.1",
        "PRI * HTTP/2.0",
        "GET / HTTP/9.9",
      ),
      fc.constantFrom(
        "CONNECT evil:1 HTTP/1.1",
        "OPTIONS * HTTP/1.1",
        "GET http://x/ HTTP/1.1",
        "GET \\ HTTP/1.1",
        "GET /?\0 HTTP/1.1",
      ),
      fc.string({ unit: "binary", maxLength: 60 }),
    );
    const head = fc.oneof(
      fc.constantFrom(
        `host: localhost:${port}`,
        "host: a b",
        "host:",
        "host: [::",
        "upgrade: websocket",
        "connection: upgrade",
      ),
      fc.constantFrom(
        "content-length: 5",
        "content-length: x",
        "transfer-encoding: chunked",
        "transfer-encoding: xyz",
        "expect: 1",
      ),
      fc.string({ unit: "binary", maxLength: 60 }),
    );
    await fc.assert(
      fc.asyncProperty(line, fc.array(head, { maxLength: 4 }), async (first, more) => {
        const answer = await exchange(
          port,
          [first, ...more, "connection: close", "", "0", "", ""].join("\r\n"),
        );
        const status = Number(/^HTTP\/1\.1 (\d+)/.exec(answer)?.[1] ?? 0);
        expect(status).toBeLessThan(500);
        // What follows the request may be answered as another one.
        const [headText = "", tail = ""] = answer.split("\r\n\r\n", 2);
        const body = tail.slice(0, Number(/content-length: (\d+)/i.exec(headText)?.[1] ?? 0));
        if (status < 400 || body === "") return;
        expectProblem(JSON.parse(body), status, /content-type: (\S+)/i.exec(headText)?.[1] ?? "");
      }),
      { numRuns: RUNS },
    );
    await listener.close();
  });
});

function exchange(port: number, bytes: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1");
    let answer = "";
    socket.on("data", (chunk) => (answer += String(chunk)));
    socket.on("error", () => resolve(answer));
    socket.on("close", () => resolve(answer));
    socket.setTimeout(HANG_MS, () => {
      socket.destroy();
      reject(new Error(`No answer within ${HANG_MS} ms to ${JSON.stringify(bytes)}`));
    });
    // Half-closed, as by a client that waits for nothing but the answer.
    socket.end(bytes);
  });
}
