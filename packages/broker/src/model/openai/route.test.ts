import { createMemoryModelGate } from "@agency/testing";
import { describe, expect, it } from "vitest";
import { HOLD_HEADER } from "@agency/contract";
import { STREAM } from "../../testing/answers.ts";
import { startUpstream } from "../../testing/loopback-upstream.ts";
import { createHarness, gateWith, NOWHERE } from "../../testing/route-harness.ts";
import type { HarnessOptions } from "../../testing/route-harness.ts";

const REAL = "sk-proj-the-real-key-of-this-instance";
const RESPONSES = "/v1/responses";
const CHAT = "/v1/chat/completions";
const chat = { model: "gpt-5.1", messages: [{ role: "user", content: "Hi" }] };
const responses = { model: "gpt-5.1-codex", input: "Hi" };

const lines = (...events: object[]) => events.map((event) => `data: ${JSON.stringify(event)}\n\n`).join("");
const chunk = (delta: object, more: object = {}) => ({
  id: "chatcmpl-7",
  model: "gpt-5.1-2025-11-13",
  choices: [{ index: 0, delta }],
  ...more,
});
const usageChunk = {
  id: "chatcmpl-7",
  model: "gpt-5.1-2025-11-13",
  choices: [],
  usage: { prompt_tokens: 3003, completion_tokens: 303, prompt_tokens_details: { cached_tokens: 2000 } },
};
const answer = {
  id: "resp_1",
  model: "gpt-5.1-codex",
  service_tier: "default",
  output: [],
  usage: {
    input_tokens: 3003,
    input_tokens_details: { cached_tokens: 2000 },
    output_tokens: 303,
    output_tokens_details: { reasoning_tokens: 200 },
  },
};
const counted = { input: 1003, output: 303, cacheRead: 2000, cacheWrite: 0 };

function open(baseUrl: string, options: HarnessOptions = {}) {
  return createHarness(createMemoryModelGate(), baseUrl, { vendor: "openai", keys: [REAL], ...options });
}

const streaming = (body: string) => startUpstream((response) => response.writeHead(200, STREAM).end(body));
const plain = (body: object, status = 200, headers: Record<string, string> = {}) =>
  startUpstream((response) =>
    response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(body)),
  );

describe("the OpenAI route", () => {
  it("swaps the placeholder, drops what names an account, and meters Responses as they stream", async () => {
    const body = lines(
      { type: "response.created", response: { id: "resp_1", model: "gpt-5.1-codex" } },
      { type: "response.output_text.delta", delta: "Hello" },
      { type: "response.completed", response: answer },
    );
    await using upstream = await streaming(body);
    const { send, gate, placeholder } = open(`${upstream.url}/v1`);
    const headers = {
      authorization: `Bearer ${placeholder}`,
      "openai-organization": "org-theirs",
      "openai-project": "theirs",
      "api-key": "foreign",
      session_id: "s1",
    };
    const asked = { ...responses, stream: true, previous_response_id: "resp_0" };
    expect(await (await send(asked, { path: RESPONSES, headers })).text()).toBe(body);
    const [request] = upstream.requests;
    expect(request).toMatchObject({ method: "POST", url: RESPONSES, body: JSON.stringify(asked) });
    expect(request?.headers).toMatchObject({ authorization: `Bearer ${REAL}`, session_id: "s1" });
    expect(JSON.stringify(request)).not.toMatch(/placeholder|theirs|foreign/);
    expect(gate.calls).toMatchObject([
      { vendor: "openai", model: "gpt-5.1-codex", usage: counted, partial: false, status: 200 },
    ]);
    expect(gate.spentUsd("task-1")).toBeCloseTo(1003 * 1.25e-6 + 2000 * 0.125e-6 + 303 * 10e-6, 5);
  });

  it("reads the usage of answers that are not streamed, and their tier", async () => {
    await using upstream = await plain({ ...answer, service_tier: "priority" });
    const { send, gate } = open(upstream.url);
    expect(await (await send(responses, { path: RESPONSES })).json()).toMatchObject({ id: "resp_1" });
    expect(gate.calls).toMatchObject([{ usage: { ...counted, fast: true }, partial: false }]);
    await using chats = await plain({ ...usageChunk, choices: [{ message: { content: "Hello" } }] });
    const other = open(chats.url);
    await (await other.send(chat, { path: CHAT })).text();
    expect(other.gate.calls).toMatchObject([{ model: "gpt-5.1-2025-11-13", usage: counted }]);
  });

  it("asks a streamed chat for its usage, and takes the extra chunk out when the engine did not ask", async () => {
    const said = lines(chunk({ content: "Hel" }, { usage: null }), chunk({ content: "lo" }, { usage: null }));
    await using upstream = await streaming(`${said}${lines(usageChunk)}data: [DONE]\n\n`);
    const { send, gate } = open(upstream.url);
    const asked = { ...chat, stream: true, stream_options: { include_obfuscation: false } };
    expect(await (await send(asked, { path: CHAT })).text()).toBe(`${said}data: [DONE]\n\n`);
    expect(JSON.parse(upstream.requests[0]?.body ?? "")).toEqual({
      ...asked,
      stream_options: { include_obfuscation: false, include_usage: true },
    });
    const wanting = { ...chat, stream: true, stream_options: { include_usage: true } };
    expect(await (await send(wanting, { path: CHAT })).text()).toContain('"prompt_tokens":3003');
    expect(gate.calls).toMatchObject([{ usage: counted, partial: false }, { usage: counted }]);
    expect(new Set(gate.calls.map((call) => call.key)).size).toBe(2);
  });

  it("counts characters where a server counts nothing", async () => {
    const said = lines(chunk({ content: "x".repeat(300) }));
    await using upstream = await streaming(`${said}data: [DONE]\n\n`);
    const { send, gate } = open(upstream.url, { keys: [] });
    await (await send({ ...chat, stream: true }, { path: CHAT })).text();
    const input = Math.ceil((upstream.requests[0]?.body.length ?? 0) / 4);
    expect(gate.calls).toMatchObject([{ usage: { input, output: 100 }, partial: false }]);
    expect(upstream.requests[0]?.headers.authorization).toBeUndefined();
  });

  it("counts a stream that a server sends under another name", async () => {
    const events = lines({ type: "response.completed", response: answer });
    await using upstream = await startUpstream((response) =>
      response.writeHead(200, { "content-type": "text/plain" }).end(events),
    );
    const { send, gate } = open(upstream.url);
    await (await send({ ...responses, stream: true }, { path: RESPONSES })).text();
    expect(gate.calls).toMatchObject([{ usage: counted, partial: false }]);
  });

  it("charges the input of a stream that is cut before its count", async () => {
    await using upstream = await startUpstream((response) => {
      const event = { type: "response.output_text.delta", delta: "x".repeat(30) };
      response.writeHead(200, STREAM).write(lines(event), () => response.destroy());
    });
    const { send, gate } = open(upstream.url);
    const asked = { ...responses, stream: true, input: "y".repeat(4000) };
    await expect((await send(asked, { path: RESPONSES })).text()).rejects.toThrow("cut off");
    const input = Math.ceil(JSON.stringify(asked).length / 4);
    expect(gate.calls).toMatchObject([{ partial: true, usage: { input, output: 10 } }]);
  });

  it.each([
    [RESPONSES, { model: "gpt-4.1" }, 32_768],
    [RESPONSES, { model: "gpt-4.1", max_output_tokens: 50 }, 50],
    [RESPONSES, { model: "unheard-of" }, 128_000],
    [CHAT, { model: "gpt-4.1", max_tokens: 70 }, 70],
    [CHAT, { model: "gpt-4.1", max_tokens: 70, max_completion_tokens: 60, n: 3 }, 210],
    [CHAT, { model: "gpt-4.1", n: 2 }, 65_536],
  ])("reserves for %s %j", async (path, body, maxTokens) => {
    const memory = createMemoryModelGate();
    const asked: number[] = [];
    const gate = gateWith(memory, {
      admit: async (_, facts) => {
        asked.push(facts.maxTokens);
        return { ok: false, hold: "budget", retryMs: 1, message: "no" };
      },
    });
    const headers = { authorization: `Bearer ${memory.issue({}, "openai")}` };
    const response = await open(NOWHERE, { gate }).send(body, { path, headers });
    expect([asked, response.headers.get(HOLD_HEADER)]).toEqual([[maxTokens], "budget"]);
  });

  it.each([
    [RESPONSES, { model: "m", background: true }, "background"],
    [RESPONSES, { model: "m", max_output_tokens: "9" }, "max_output_tokens"],
    [RESPONSES, {}, "model"],
    [CHAT, { model: "m", n: 1000 }, "n:"],
    [CHAT, { model: "m", max_tokens: -1 }, "max_tokens"],
  ])("refuses %s %j before it costs anything, in the vendor's shape", async (path, body, about) => {
    const { send, gate } = open(NOWHERE);
    const response = await send(body, { path });
    expect(response.status).toBe(400);
    expect(await response.json()).toEqual({
      error: {
        message: expect.stringContaining(about),
        type: "invalid_request_error",
        param: null,
        code: "invalid_request_error",
      },
    });
    expect(gate.settled.size + gate.open.size).toBe(0);
  });

  it.each([
    ["GET", "/v1/responses/resp_1"],
    ["DELETE", "/v1/responses/resp_1"],
    ["POST", "/v1/responses/resp_1/cancel"],
    ["POST", "/v1/files"],
    ["POST", "/v1/batches"],
    ["POST", "/v1/embeddings"],
    ["POST", "/v1/images/generations"],
    ["GET", "/v1/organization/admin_api_keys"],
    ["POST", "/responses"],
    ["POST", "/v1/responses/"],
    ["POST", "/v1/messages"],
    ["GET", "/v1/models/../files"],
  ])("keeps %s %s closed", async (method, path) => {
    const { route, placeholder } = open(NOWHERE);
    const headers = { authorization: `Bearer ${placeholder}` };
    const response = await route(new Request("http://x/", { method, headers }), path);
    expect(response.status).toBe(403);
  });

  it("lists models, below the path of a gateway's base URL", async () => {
    await using upstream = await plain({ data: [] });
    const { route, placeholder } = open(`${upstream.url}/v1beta/openai/`);
    const headers = { authorization: `Bearer ${placeholder}` };
    for (const path of ["/v1/models", "/v1/models/gpt-5.1"])
      expect((await route(new Request("http://x/", { headers }), path)).status).toBe(200);
    expect(upstream.requests.map(({ url }) => url)).toEqual([
      "/v1beta/openai/models",
      "/v1beta/openai/models/gpt-5.1",
    ]);
  });

  it("takes no other vendor's placeholder, and none in another header", async () => {
    const gate = createMemoryModelGate();
    const anthropic = gate.issue();
    const { send, placeholder } = createHarness(gate, NOWHERE, { vendor: "openai" });
    for (const headers of [
      { authorization: `Bearer ${anthropic}` },
      { authorization: `Basic ${btoa(`x:${placeholder}`)}` },
      { authorization: "Bearer sk-proj-stolen" },
      { "x-api-key": placeholder },
    ] as Record<string, string>[])
      expect((await send(responses, { path: RESPONSES, headers })).status).toBe(401);
  });

  it("says what to do when the vendor's own API has no credential", async () => {
    const { send } = open("https://api.openai.com/v1", { keys: [] });
    const response = await send(responses, { path: RESPONSES });
    expect([response.status, await response.text()]).toEqual([
      401,
      expect.stringContaining("OPENAI_API_KEY"),
    ]);
  });

  it.each([
    ["quota", { error: { code: "insufficient_quota" } }, {}, "usage_limit", "3600"],
    [
      "window",
      { error: { type: "usage_limit_reached", resets_in_seconds: 7200 } },
      {},
      "usage_limit",
      "7200",
    ],
    [
      "bucket",
      { error: { code: "rate_limit_exceeded" } },
      {
        "x-ratelimit-remaining-tokens": "0",
        "x-ratelimit-reset-tokens": "6m0s",
        "x-ratelimit-reset-requests": "9h",
      },
      "usage_limit",
      "360",
    ],
    ["moment", { error: { code: "rate_limit_exceeded" } }, { "retry-after-ms": "1500" }, "busy", "2"],
  ])("holds the request at a used up %s until it resets", async (_, body, headers, hold, after) => {
    await using upstream = await plain(body, 429, headers);
    const { send, gate } = open(upstream.url, { date: () => 1_800_000_000_000 });
    const response = await send(responses, { path: RESPONSES });
    expect([response.status, response.headers.get(HOLD_HEADER), response.headers.get("retry-after")]).toEqual(
      [503, hold, after],
    );
    expect(await response.json()).toHaveProperty("error.message");
    expect([gate.calls.length, gate.open.size]).toEqual([0, 0]);
  });
});
