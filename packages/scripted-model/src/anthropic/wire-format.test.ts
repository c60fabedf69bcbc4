import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { createScriptedModel } from "../scripted-model.ts";
import { raw, shell } from "../scripts/action.ts";
import { CLAUDE_TOOLS, createTinyEngine, messagesRequest, readEvents } from "../testing/tiny-engine.ts";

const scripts = {
  hello: {
    steps: [{ thinking: "hm", text: "Hello, world", tools: [shell("ls"), raw("Odd", { deep: ["ä"] })] }],
  },
};
const ask = { messages: [{ role: "user", content: "[[s:hello]] hi" }] };
const thinkingAsk = { ...ask, stream: true, thinking: { type: "enabled", budget_tokens: 1000 } };

describe("a streamed answer", () => {
  it("has every event of the Messages API, in its order", async () => {
    const response = await createScriptedModel({ scripts }).handle(messagesRequest(thinkingAsk));
    expect(response.headers.get("content-type")).toMatch(/^text\/event-stream/);
    expect(response.headers.get("request-id")).toMatch(/^req_\w+$/);
    const events = readEvents(await response.text());
    const order = events.map((event) => event["type"]).filter((type, index, all) => type !== all[index - 1]);
    expect(order.slice(0, 2)).toEqual(["message_start", "ping"]);
    const block = ["content_block_start", "content_block_delta", "content_block_stop"];
    expect(order.slice(2, -2)).toEqual([...block, ...block, ...block, ...block]);
    expect(order.slice(-2)).toEqual(["message_delta", "message_stop"]);
    expect(events[0]).toMatchObject({
      message: {
        role: "assistant",
        model: "claude-sonnet-4-5",
        usage: { input_tokens: 1000, output_tokens: 1 },
      },
    });
    expect(events.at(-2)).toMatchObject({
      delta: { stop_reason: "tool_use" },
      usage: {
        input_tokens: 1000,
        cache_read_input_tokens: 5000,
        cache_creation_input_tokens: 200,
        output_tokens: 100,
      },
    });
  });

  it("sends tool input and text in several pieces and signs its thinking", async () => {
    const response = await createScriptedModel({ scripts }).handle(messagesRequest(thinkingAsk));
    const deltas = readEvents(await response.text()).filter(
      (event) => event["type"] === "content_block_delta",
    );
    const kinds = deltas.map((event) => JSON.stringify(event["delta"]).split('"')[3]);
    const count = (kind: string): number => kinds.filter((each) => each === kind).length;
    expect(count("signature_delta")).toBe(1);
    expect(count("text_delta")).toBeGreaterThan(1);
    expect(count("input_json_delta")).toBeGreaterThan(4);
  });
});

describe("an answer", () => {
  it.each([true, false])("says the same whether streamed or not (stream: %s)", async (stream) => {
    const body = { thinking: { type: "enabled", budget_tokens: 1000 } };
    const engine = createTinyEngine(createScriptedModel({ scripts }).handle, { stream, body });
    const answer = await engine.say("[[s:hello]] hi");
    expect(answer).toMatchObject({ thinking: "hm", text: "Hello, world", stop: "tool_use" });
    expect(answer.calls).toEqual([
      { id: expect.stringMatching(/^toolu_hello_0_0_\w+$/), name: "Bash", input: { command: "ls" } },
      { id: expect.stringMatching(/^toolu_hello_0_1_\w+$/), name: "Odd", input: { deep: ["ä"] } },
    ]);
    expect(answer.usage).toMatchObject({ input_tokens: 1000, output_tokens: 100 });
  });

  it("thinks aloud only when asked to, as the real API does", async () => {
    const engine = createTinyEngine(createScriptedModel({ scripts }).handle);
    expect((await engine.say("[[s:hello]] hi")).thinking).toBe("");
  });

  it("is given under the model id that was asked for", async () => {
    const model = createScriptedModel({ scripts });
    const response = await model.handle(messagesRequest({ ...ask, model: "claude-opus-4-5" }));
    expect(await response.json()).toMatchObject({ model: "claude-opus-4-5" });
    expect(model.requests[0]).toMatchObject({
      model: "claude-opus-4-5",
      tools: CLAUDE_TOOLS.map((tool) => tool["name"]),
    });
  });
});

describe("a request body", () => {
  const json = JSON.stringify({ model: "m", max_tokens: 1, tools: CLAUDE_TOOLS, ...ask });
  const post = (body: Uint8Array | string, encoding?: string): Request => {
    const headers: Record<string, string> = encoding === undefined ? {} : { "content-encoding": encoding };
    return new Request("http://model/v1/messages", { method: "POST", headers, body });
  };

  it.each([
    ["gzip", gzipSync(json)],
    ["deflate", deflateSync(json)],
    ["br", brotliCompressSync(json)],
    ["zstd", zstdCompressSync(json)],
  ])("may be packed with %s", async (encoding, body) => {
    const model = createScriptedModel({ scripts, keepBodies: true });
    expect((await model.handle(post(body, encoding))).status).toBe(200);
    expect(model.requests[0]).toMatchObject({ wireBytes: body.byteLength, bytes: json.length, body: json });
  });

  it("is refused when it is broken, unknown, incomplete or too large, packed or not", async () => {
    const model = createScriptedModel({ scripts, maxBodyBytes: 10_000 });
    const status = async (...args: Parameters<typeof post>): Promise<number> =>
      (await model.handle(post(...args))).status;
    expect(await status("not gzip", "gzip")).toBe(400);
    expect(await status(json, "rot13")).toBe(415);
    expect(await status("{")).toBe(400);
    expect(await status('{"model":"m","max_tokens":1}')).toBe(400);
    expect(await status('{"model":"m","messages":[]}')).toBe(400);
    expect(await status("x".repeat(10_001))).toBe(413);
    expect(await status(gzipSync("x".repeat(10_001)), "gzip")).toBe(413);
  });
});

describe("an error", () => {
  it("has the shape of the real API", async () => {
    const response = await createScriptedModel({ scripts, apiKey: "real" }).handle(messagesRequest(ask));
    expect(response.status).toBe(401);
    expect(await response.json()).toEqual({
      type: "error",
      error: { type: "authentication_error", message: "invalid x-api-key" },
      request_id: response.headers.get("request-id"),
    });
  });
});
