import type { ServerResponse } from "node:http";
import { HOLD_HEADER } from "@agency/contract";
import type { ModelRequestFacts } from "@agency/core";
import { createMemoryModelGate } from "@agency/testing";
import { describe, expect, it } from "vitest";
import { STREAM } from "../testing/answers.ts";
import { startUpstream } from "../testing/loopback-upstream.ts";
import { messageStart, sse } from "../testing/messages.ts";
import { BODY, createHarness, gateWith, NOWHERE } from "../testing/route-harness.ts";
import { CHAT, RESPONSES } from "./openai/endpoints.ts";
import type { ModelVendor } from "./vendor.ts";

async function factsOf(vendor: ModelVendor, path: string, body: object): Promise<ModelRequestFacts | null> {
  const memory = createMemoryModelGate();
  let asked: ModelRequestFacts | null = null;
  const gate = gateWith(memory, {
    admit: async (_, facts) => {
      asked = facts;
      return { ok: false, hold: "budget", retryMs: 1, message: "no" };
    },
  });
  const { send } = createHarness(memory, NOWHERE, { gate, vendor });
  // The harness has its placeholder from the gate that is behind ours.
  await send({ ...BODY, ...body }, { path });
  return asked;
}

const search = { type: "web_search_20250305", name: "web_search" };
const image = [
  { role: "user", content: [{ type: "image", source: { type: "url", url: "https://x.example" } }] },
];

describe("what is set aside for a call", () => {
  it.each<[ModelVendor, string, object, object]>([
    ["anthropic", "/v1/messages", {}, { mode: {}, unseenInput: false }],
    ["anthropic", "/v1/messages", { speed: "fast" }, { mode: { fast: true } }],
    ["anthropic", "/v1/messages", { inference_geo: "us" }, { mode: { usOnly: true } }],
    ["anthropic", "/v1/messages", { tools: [search] }, { unseenInput: true }],
    ["anthropic", "/v1/messages", { messages: image }, { unseenInput: true }],
    ["openai", RESPONSES, {}, { mode: {}, unseenInput: false }],
    ["openai", RESPONSES, { service_tier: "priority" }, { mode: { fast: true } }],
    ["openai", RESPONSES, { previous_response_id: "resp_1" }, { unseenInput: true }],
    ["openai", RESPONSES, { conversation: { id: "conv_1" } }, { unseenInput: true }],
    ["openai", RESPONSES, { input: [{ id: "msg_1" }] }, { unseenInput: true }],
    ["openai", RESPONSES, { input: [{ role: "user", content: "Hi" }] }, { unseenInput: false }],
    ["openai", CHAT, { service_tier: "priority" }, { mode: { fast: true } }],
    ["openai", CHAT, { web_search_options: {} }, { unseenInput: true }],
  ])("for %s %s knows what makes %j dearer", async (vendor, path, body, expected) => {
    expect(await factsOf(vendor, path, body)).toMatchObject(expected);
  });
});

describe("a call that is hung up on", () => {
  const key = { "x-api-key": "sk-ant-agency-placeholder-1" };
  const input = Math.ceil(JSON.stringify(BODY).length / 4);

  it("is charged for what the vendor read and wrote until then, before any answer", async () => {
    let now = 0;
    const asked = Promise.withResolvers<void>();
    await using upstream = await startUpstream(() => asked.resolve());
    const gone = new AbortController();
    const { send, gate } = createHarness(createMemoryModelGate(), upstream.url, { now: () => now });
    const response = send(BODY, { headers: key, signal: gone.signal });
    await asked.promise;
    now = 10_000;
    gone.abort();
    await response;
    expect(gate.calls).toMatchObject([{ status: 499, partial: true, usage: { input, output: 600 } }]);
  });

  it("is charged for no more than it asked for, and for thoughts that are not shown", async () => {
    let now = 0;
    await using upstream = await startUpstream((response) => {
      response.writeHead(200, STREAM).write(sse(messageStart()));
    });
    const { send, gate } = createHarness(createMemoryModelGate(), upstream.url, { now: () => now });
    const reader = (await send()).body?.getReader();
    await reader?.read();
    now = 3_600_000;
    await reader?.cancel();
    expect(gate.calls).toMatchObject([{ partial: true, usage: { output: BODY.max_tokens } }]);
  });

  it("costs nothing when it was given up before it went out", async () => {
    const gone = new AbortController();
    const memory = createMemoryModelGate();
    const gate = gateWith(memory, {
      admit: async (caller, facts) => {
        gone.abort();
        return memory.admit(caller, facts);
      },
    });
    const { send } = createHarness(memory, NOWHERE, { gate });
    await send(BODY, { signal: gone.signal });
    expect(memory.calls).toMatchObject([{ usage: { input: 0, output: 0 } }]);
  });
});

describe("a request whose end is kept back", () => {
  it("is held like any other when the task has begun to wait meanwhile", async () => {
    let now = 0;
    const memory = createMemoryModelGate();
    const admitted: unknown[] = [];
    const gate = gateWith(memory, {
      authorize: async (vendor, key) => {
        const caller = await memory.authorize(vendor, key);
        return now === 0 || "refused" in caller
          ? caller
          : { ...caller, hold: { reason: "paused_by_user", until: null } };
      },
      admit: async (caller) => {
        admitted.push(caller.hold?.reason);
        return { ok: false, hold: caller.hold?.reason ?? "busy", retryMs: 1, message: "no" };
      },
    });
    const { route, placeholder } = createHarness(memory, NOWHERE, { gate, now: () => now });
    const body = new ReadableStream<Uint8Array>(
      {
        pull(controller) {
          now = 5_000;
          controller.enqueue(new TextEncoder().encode(JSON.stringify(BODY)));
          controller.close();
        },
      },
      { highWaterMark: 0 },
    );
    const headers = { "x-api-key": placeholder };
    const request = new Request("http://x/v1/messages", { method: "POST", headers, body, duplex: "half" });
    const response = await route(request, "/v1/messages");
    expect([admitted, response.headers.get(HOLD_HEADER)]).toEqual([["paused_by_user"], "paused_by_user"]);
  });
});

describe("one attempt's calls", () => {
  it("have so many places and no more, and each is given back however the call ends", async () => {
    const open: ServerResponse[] = [];
    const all = Promise.withResolvers<void>();
    const another = Promise.withResolvers<void>();
    await using upstream = await startUpstream((response) => {
      if (open.push(response) === 256) all.resolve();
      if (open.length === 257) another.resolve();
    });
    const gone = new AbortController();
    const { send, fence, gate } = createHarness(createMemoryModelGate(), upstream.url);
    const calls = Array.from({ length: 256 }, () => send(BODY, { signal: gone.signal }));
    await all.promise;
    const held = await send(BODY);
    expect([held.status, held.headers.get(HOLD_HEADER)]).toEqual([503, "busy"]);
    expect(open.length).toBe(256);
    gone.abort();
    await Promise.all(calls);
    expect([fence.watched(), gate.calls.length]).toEqual([0, 256]);
    expect((await send({ model: 1 })).status).toBe(400);
    const next = send(BODY);
    await another.promise;
    open.at(-1)?.writeHead(500).end("{}");
    expect((await next).status).toBe(500);
  });
});
