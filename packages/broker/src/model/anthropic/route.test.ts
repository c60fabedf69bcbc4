import { createMemoryModelGate } from "@agency/testing";
import { describe, expect, it } from "vitest";
import { errorOf, STREAM, streamingUpstream } from "../../testing/answers.ts";
import { startUpstream } from "../../testing/loopback-upstream.ts";
import { messageDelta, messageStart, messageStop, sse, wholeMessage } from "../../testing/messages.ts";
import { BODY, createHarness, gateWith, NOWHERE, REAL_KEY } from "../../testing/route-harness.ts";

describe("the Anthropic route", () => {
  it("swaps the placeholder for the real key and records what the vendor counted", async () => {
    await using upstream = await streamingUpstream();
    const { send, gate } = createHarness(createMemoryModelGate(), upstream.url);
    const response = await send();
    expect(response.status).toBe(200);
    expect(response.headers.get("request-id")).toBe("req_1");
    expect(await response.text()).toBe(wholeMessage());
    const [request] = upstream.requests;
    expect(request).toMatchObject({ method: "POST", url: "/v1/messages", body: JSON.stringify(BODY) });
    expect(request?.headers).toMatchObject({
      "x-api-key": REAL_KEY,
      "accept-encoding": "identity",
      "anthropic-version": "2023-06-01",
    });
    expect(gate.calls).toEqual([
      {
        taskId: "task-1",
        key: "msg_1",
        vendor: "anthropic",
        model: "claude-sonnet-4-5-20250929",
        usage: { input: 3003, output: 303, cacheRead: 15_000, cacheWrite: 600 },
        status: 200,
        durationMs: expect.any(Number),
        partial: false,
      },
    ]);
    expect(gate.spentUsd("task-1")).toBe(0.020304);
  });

  it("takes the placeholder as a bearer token too, and sends it nowhere", async () => {
    await using upstream = await streamingUpstream();
    const { send, placeholder } = createHarness(createMemoryModelGate(), upstream.url);
    const headers = { authorization: `Bearer ${placeholder}`, cookie: "a=b", "x-goog-api-key": "foreign" };
    expect((await send(BODY, { headers, query: "?beta=true&key=foreign" })).status).toBe(200);
    const [request] = upstream.requests;
    expect(request?.url).toBe("/v1/messages?beta=true");
    expect(JSON.stringify(request)).not.toMatch(/placeholder|foreign|a=b/);
  });

  it("sends a subscription token as one, beside the betas the engine asked for", async () => {
    await using upstream = await streamingUpstream();
    const { send, placeholder } = createHarness(createMemoryModelGate(), `${upstream.url}/`, {
      keys: ["sk-ant-oat01-subscription"],
    });
    await send(BODY, { headers: { "x-api-key": placeholder, "anthropic-beta": "context-1m" } });
    expect(upstream.requests[0]?.headers).toMatchObject({
      authorization: "Bearer sk-ant-oat01-subscription",
      "anthropic-beta": "context-1m,oauth-2025-04-20",
    });
    expect(upstream.requests[0]?.headers).not.toHaveProperty("x-api-key");
  });

  it("keeps a gateway's own path, and its user and password out of the address", async () => {
    await using upstream = await streamingUpstream();
    const baseUrl = `${upstream.url.replace("//", "//user:p%40ss-word@")}/anthropic/v1/?tenant=7`;
    const { send } = createHarness(createMemoryModelGate(), baseUrl, { keys: [] });
    expect((await send()).status).toBe(200);
    expect(upstream.requests[0]?.url).toBe("/anthropic/v1/messages?tenant=7");
    expect(upstream.requests[0]?.headers.authorization).toBe(`Basic ${btoa("user:p@ss-word")}`);
  });

  it.each([
    ["no key", {}, 401, "authentication_error"],
    ["a real-looking key of its own", { "x-api-key": "sk-ant-api03-stolen" }, 401, "authentication_error"],
    ["an empty key", { "x-api-key": "" }, 401, "authentication_error"],
    [
      "the placeholder with something added",
      { "x-api-key": "sk-ant-agency-placeholder-1x" },
      401,
      "authentication_error",
    ],
    [
      "the placeholder beside a foreign key",
      { "x-api-key": "sk-ant-agency-placeholder-1", authorization: "Bearer sk-ant-api03-stolen" },
      401,
      "authentication_error",
    ],
    [
      "the placeholder as a password",
      { authorization: `Basic ${btoa("x:sk-ant-agency-placeholder-1")}` },
      401,
      "authentication_error",
    ],
  ])("refuses a request with %s, and asks no vendor", async (_, headers, status, type) => {
    await using upstream = await streamingUpstream();
    const { send, gate } = createHarness(createMemoryModelGate(), upstream.url);
    expect(await errorOf(await send(BODY, { headers }))).toMatchObject({
      status,
      type,
      retry: "false",
    });
    expect([upstream.requests.length, gate.calls.length]).toEqual([0, 0]);
  });

  it("refuses a fenced attempt", async () => {
    await using upstream = await streamingUpstream();
    const { send, gate, placeholder } = createHarness(createMemoryModelGate(), upstream.url);
    gate.fence(placeholder);
    expect(await errorOf(await send())).toMatchObject({
      status: 403,
      type: "permission_error",
      retry: "false",
    });
    expect(upstream.requests).toHaveLength(0);
  });

  it.each([
    ["POST", "/v1/files"],
    ["POST", "/v1/messages/batches"],
    ["GET", "/v1/messages"],
    ["DELETE", "/v1/models/claude-opus-4-5"],
  ])("keeps %s %s closed even to the placeholder", async (method, path) => {
    await using upstream = await streamingUpstream();
    const { route, placeholder, logger } = createHarness(createMemoryModelGate(), upstream.url);
    const response = await route(
      new Request(`http://x${path}`, { method, headers: { "x-api-key": placeholder } }),
      path,
    );
    expect(await errorOf(response)).toMatchObject({
      status: 403,
      type: "permission_error",
      message: expect.stringContaining(path),
    });
    expect(upstream.requests).toHaveLength(0);
    expect(logger.text()).toContain(path);
  });

  it("finds its way by the path alone, with or without the query behind it", async () => {
    await using upstream = await streamingUpstream();
    const { route, placeholder } = createHarness(createMemoryModelGate(), upstream.url);
    const init = { method: "POST", headers: { "x-api-key": placeholder }, body: JSON.stringify(BODY) };
    const request = new Request("http://x/model/anthropic/v1/messages?beta=true", init);
    expect((await route(request, "/v1/messages?beta=true")).status).toBe(200);
    expect(upstream.requests[0]?.url).toBe("/v1/messages?beta=true");
    expect((await route(new Request("http://x/model/anthropic", { method: "HEAD" }), "")).status).toBe(200);
  });

  it("answers an engine's greetings itself", async () => {
    const { route } = createHarness(createMemoryModelGate(), NOWHERE);
    expect((await route(new Request("http://x/", { method: "HEAD" }), "/")).status).toBe(200);
    expect(await (await route(new Request("http://x/api/hello"), "/api/hello")).json()).toEqual({
      message: "hello",
    });
  });

  it("passes token counts and the list of models through, uncounted", async () => {
    await using upstream = await startUpstream((response, { url }) => response.end(JSON.stringify({ url })));
    const { route, placeholder, gate } = createHarness(createMemoryModelGate(), upstream.url);
    const headers = { "x-api-key": placeholder };
    const count = new Request("http://x/v1/messages/count_tokens?beta=true", {
      method: "POST",
      headers,
      body: '{"model":"m"}',
    });
    expect(await (await route(count, "/v1/messages/count_tokens")).json()).toEqual({
      url: "/v1/messages/count_tokens?beta=true",
    });
    const list = new Request("http://x/v1/models?limit=5&x=1", { headers });
    expect(await (await route(list, "/v1/models")).json()).toEqual({ url: "/v1/models?limit=5" });
    const one = new Request("http://x/v1/models/claude-opus-4-5", { headers });
    expect(await (await route(one, "/v1/models/claude-opus-4-5")).json()).toEqual({
      url: "/v1/models/claude-opus-4-5",
    });
    expect(gate.calls).toEqual([]);
    expect(upstream.requests.map((request) => request.headers["x-api-key"])).toEqual([
      REAL_KEY,
      REAL_KEY,
      REAL_KEY,
    ]);
  });

  it("refuses without asking when the vendor's own API has no credential, and says what to do", async () => {
    const { send, gate } = createHarness(createMemoryModelGate(), "https://api.anthropic.com", { keys: [] });
    expect(await errorOf(await send())).toEqual({
      status: 401,
      type: "authentication_error",
      message: expect.stringContaining("agency login claude"),
      retry: "false",
    });
    expect(gate.calls).toEqual([]);
  });

  it("makes no call the gate does not admit, and shows its reason", async () => {
    await using upstream = await streamingUpstream();
    const { send, gate, logger, placeholder } = createHarness(createMemoryModelGate(), upstream.url);
    const asked: unknown[] = [];
    const strict = createHarness(createMemoryModelGate(), upstream.url, {
      gate: gateWith(gate, {
        admit: async (_, request) => {
          asked.push(request);
          return { ok: false, status: 402, type: "billing_error", message: "The budget is used up." };
        },
      }),
    });
    const response = await strict.send(BODY, { headers: { "x-api-key": placeholder } });
    expect(await errorOf(response)).toEqual({
      status: 402,
      type: "billing_error",
      message: "The budget is used up.",
      retry: "false",
    });
    const inputBytes = JSON.stringify(BODY).length;
    expect(asked).toMatchObject([{ vendor: "anthropic", model: BODY.model, maxTokens: 1000, inputBytes }]);
    expect([upstream.requests.length, gate.calls.length, logger.text()]).toEqual([0, 0, ""]);
    expect((await send()).status).toBe(200);
  });

  it("makes no call when the gate cannot answer", async () => {
    await using upstream = await streamingUpstream();
    const away = async () => {
      throw new Error("database is away");
    };
    for (const own of [{ authorize: away }, { admit: away }]) {
      const { gate, placeholder } = createHarness(createMemoryModelGate(), upstream.url);
      const { send } = createHarness(createMemoryModelGate(), upstream.url, { gate: gateWith(gate, own) });
      expect(await errorOf(await send(BODY, { headers: { "x-api-key": placeholder } }))).toMatchObject({
        status: 503,
        retry: "true",
      });
    }
    const { send } = createHarness(createMemoryModelGate(), NOWHERE, { credentials: { forModel: away } });
    expect(await errorOf(await send())).toMatchObject({ status: 503 });
    expect(upstream.requests).toHaveLength(0);
  });

  it("makes no further call while an earlier one is not recorded", async () => {
    await using upstream = await streamingUpstream();
    const { gate, placeholder } = createHarness(createMemoryModelGate(), upstream.url);
    let down = true;
    const { send } = createHarness(createMemoryModelGate(), upstream.url, {
      gate: gateWith(gate, {
        record: async (caller, call) => {
          if (down) throw new Error("database is away");
          await gate.record(caller, call);
        },
      }),
    });
    const headers = { "x-api-key": placeholder };
    expect(await (await send(BODY, { headers })).text()).toBe(wholeMessage());
    expect(await errorOf(await send(BODY, { headers }))).toMatchObject({ status: 503, retry: "true" });
    expect([upstream.requests.length, gate.calls.length]).toEqual([1, 0]);
    down = false;
    expect((await send(BODY, { headers })).status).toBe(200);
    expect(gate.calls.map((call) => call.key)).toEqual(["msg_1"]);
  });

  it.each([
    ["not JSON", "{", "JSON object"],
    ["without a model", { max_tokens: 5 }, "model"],
    ["with a model no ledger could hold", { model: "claude\0", max_tokens: 5 }, "model"],
    ["without max_tokens", { model: "m" }, "max_tokens"],
    ["with endless max_tokens", '{"model":"m","max_tokens":1e400}', "max_tokens"],
    ["with negative max_tokens", { model: "m", max_tokens: -1 }, "max_tokens"],
  ])("refuses a body %s before it costs anything", async (_, body, about) => {
    const { send, gate } = createHarness(createMemoryModelGate(), NOWHERE);
    const error = await errorOf(await send(body));
    expect(error).toMatchObject({
      status: 400,
      type: "invalid_request_error",
      message: expect.stringContaining(about),
    });
    expect(gate.calls).toEqual([]);
  });

  it("refuses a body over 32 MB", async () => {
    const { send } = createHarness(createMemoryModelGate(), NOWHERE);
    const body = `{"model":"m","max_tokens":1,"x":"${"x".repeat(32 * 1024 * 1024)}"}`;
    expect(await errorOf(await send(body))).toMatchObject({ status: 413, type: "request_too_large" });
  });

  it("serves a demo in this process, without any credential", async () => {
    const seen: Request[] = [];
    const { send, gate } = createHarness(createMemoryModelGate(), NOWHERE, {
      caller: { demo: true },
      demo: async (request) => {
        seen.push(request);
        return new Response(sse(messageStart("msg_demo"), messageDelta(), messageStop), {
          headers: STREAM,
        });
      },
    });
    expect(
      await (
        await send(BODY, { headers: { "x-api-key": "sk-ant-agency-placeholder-1" }, query: "?beta=true" })
      ).text(),
    ).toContain("msg_demo");
    expect(new URL(seen[0]?.url ?? "").pathname).toBe("/v1/messages");
    expect(await seen[0]?.json()).toEqual(BODY);
    expect([seen[0]?.headers.get("x-api-key"), seen[0]?.headers.get("authorization")]).toEqual([null, null]);
    expect(gate.calls).toMatchObject([{ key: "msg_demo", usage: { output: 303 } }]);
  });

  it("measures a call by the clock it is given", async () => {
    await using upstream = await streamingUpstream();
    const { gate, placeholder } = createHarness(createMemoryModelGate(), upstream.url);
    let time = 1000;
    const { route } = createHarness(createMemoryModelGate(), upstream.url, {
      gate,
      now: () => (time += 250),
    });
    const init = { method: "POST", headers: { "x-api-key": placeholder }, body: JSON.stringify(BODY) };
    await (await route(new Request("http://x/v1/messages", init), "/v1/messages")).text();
    expect(gate.calls[0]?.durationMs).toBe(250);
  });
});
