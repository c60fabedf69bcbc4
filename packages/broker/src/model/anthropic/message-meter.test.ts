import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  messageDelta,
  messageStart,
  messageStop,
  sse,
  textDelta,
  USAGE,
  wholeMessage,
} from "../../testing/messages.ts";
import { createMessageMeter } from "./message-meter.ts";
import { usageShares } from "./message-usage.ts";

const names = { key: "call_1", model: "asked-model" };

function meter(...texts: string[]) {
  const created = createMessageMeter();
  for (const text of texts) created.push(new TextEncoder().encode(text));
  return created;
}

function shares(text: string) {
  const { seen, complete } = meter(text);
  return usageShares(seen, names, complete);
}

const whole = { input: 3003, output: 303, cacheRead: 15_000, cacheWrite: 600 };

describe("createMessageMeter", () => {
  it("counts a whole message under its id, with the model that answered", () => {
    expect(shares(wholeMessage())).toEqual([
      { key: "msg_1", model: "claude-sonnet-4-5-20250929", usage: whole },
    ]);
  });

  it("is complete at the last count, before the stream ends", () => {
    const created = meter(sse(messageStart(), textDelta("a")));
    expect(created.complete).toBe(false);
    created.push(new TextEncoder().encode(sse(messageDelta())));
    expect(created.complete).toBe(true);
  });

  it("takes counts as running totals: the last is the sum", () => {
    const text = sse(
      messageStart(),
      messageDelta({ output_tokens: 100 }, null),
      messageDelta({ ...USAGE, input_tokens: 4000, output_tokens: 303 }),
      messageStop,
    );
    expect(shares(text)[0]?.usage).toEqual({ ...whole, input: 4000 });
  });

  it("keeps what was counted when a later event has zeros or nothing", () => {
    const text = sse(
      messageStart(),
      messageDelta({ output_tokens: 303, input_tokens: 0, cache_read_input_tokens: null }),
      messageStop,
    );
    expect(shares(text)[0]?.usage).toEqual(whole);
  });

  it("reads counts that come only at the end, as some gateways send them", () => {
    const text = sse(messageStart("msg_1", {}), messageDelta({ ...USAGE, output_tokens: 303 }), messageStop);
    expect(shares(text)[0]?.usage).toEqual(whole);
  });

  it("counts at least what was streamed when a message is cut before its last count", () => {
    const [share] = shares(sse(messageStart(), textDelta("x".repeat(3000))));
    expect(share).toMatchObject({ key: "msg_1", usage: { ...whole, output: 1000 } });
  });

  it("counts what was streamed when the vendor gives no count at all", () => {
    const [share] = shares(sse({ type: "message_start" }, textDelta("x".repeat(3000)), messageStop));
    expect(share).toEqual({ ...names, usage: { input: 0, output: 1000, cacheRead: 0, cacheWrite: 0 } });
  });

  it("counts thinking, signatures and tool input as written", () => {
    const delta = (fields: object) => ({ type: "content_block_delta", index: 0, delta: fields });
    const text = sse(
      messageStart(),
      delta({ type: "thinking_delta", thinking: "t".repeat(300) }),
      delta({ type: "signature_delta", signature: "s".repeat(300) }),
      delta({ type: "input_json_delta", partial_json: "p".repeat(300) }),
    );
    expect(shares(text)[0]?.usage.output).toBe(300);
  });

  it("notices what makes a call dearer", () => {
    const usage = {
      ...USAGE,
      cache_creation: { ephemeral_5m_input_tokens: 200, ephemeral_1h_input_tokens: 400 },
      speed: "fast",
      inference_geo: "us",
      server_tool_use: { web_search_requests: 2 },
    };
    const text = sse(
      messageStart("msg_1", usage),
      messageDelta({ output_tokens: 303, server_tool_use: { web_search_requests: 3 } }),
      messageStop,
    );
    expect(shares(text)[0]?.usage).toEqual({
      ...whole,
      cacheWrite1h: 400,
      fast: true,
      usOnly: true,
      webSearches: 3,
    });
  });

  it("counts compaction and advice on top, each under its own key and model", () => {
    const iterations = [
      { type: "message", input_tokens: 1, output_tokens: 1 },
      {
        type: "compaction",
        input_tokens: 10,
        output_tokens: 20,
        cache_read_input_tokens: 30,
        cache_creation_input_tokens: 40,
      },
      { type: "advisor_message", model: "claude-opus-4-5", input_tokens: 5, output_tokens: 6 },
    ];
    const text = sse(messageStart(), messageDelta({ output_tokens: 303, iterations }), messageStop);
    expect(shares(text).slice(1)).toEqual([
      {
        key: "msg_1/1",
        model: "claude-sonnet-4-5-20250929",
        usage: { input: 10, output: 20, cacheRead: 30, cacheWrite: 40 },
      },
      {
        key: "msg_1/2",
        model: "claude-opus-4-5",
        usage: { input: 5, output: 6, cacheRead: 0, cacheWrite: 0 },
      },
    ]);
  });

  it("is not led astray by events it does not know, broken JSON, comments or other fields", () => {
    const noise = `: comment\nid: 7\nretry: 1\ndata: {broken\n\ndata: [1]\n\ndata: null\n\nevent: x\ndata: {"type":"usage","usage":{"input_tokens":9e9}}\n\n`;
    expect(shares(noise + wholeMessage() + noise)[0]?.usage).toEqual(whole);
  });

  it.each([
    ["a count below zero", { input_tokens: -5 }],
    ["a count that is text", { input_tokens: "9999999" }],
    ["a fraction of nothing", { input_tokens: Number.NaN }],
  ])("takes %s for none", (_, usage) => {
    expect(shares(sse(messageStart("msg_1", usage)))[0]?.usage.input).toBe(0);
  });

  it("takes no id and no count that a ledger could not hold", () => {
    const text = sse(messageStart("msg\0", { input_tokens: 1e300 }, "a b"), messageStop);
    expect(shares(text)[0]).toMatchObject({
      key: "call_1",
      model: "asked-model",
      usage: { input: 1_000_000_000 },
    });
  });

  it("reads line ends of either kind", () => {
    expect(shares(wholeMessage().replaceAll("\n", "\r\n"))[0]?.usage).toEqual(whole);
  });

  it("skips a line of megabytes and reads on", () => {
    const long = `data: {"type":"content_block_start","content_block":{"text":"${"x".repeat(3_000_000)}"}}\n\n`;
    const created = meter();
    const bytes = new TextEncoder().encode(sse(messageStart()) + long + sse(messageDelta(), messageStop));
    for (let at = 0; at < bytes.length; at += 65_536) created.push(bytes.subarray(at, at + 65_536));
    expect(usageShares(created.seen, names, created.complete)[0]?.usage).toEqual(whole);
  });

  it("counts the same wherever the bytes are cut", () => {
    const bytes = new TextEncoder().encode(wholeMessage("héllo 😀 wörld — ünïcode"));
    fc.assert(
      fc.property(fc.array(fc.nat(bytes.length), { maxLength: 20 }), (cuts) => {
        const created = createMessageMeter();
        let at = 0;
        for (const cut of [...cuts.toSorted((a, b) => a - b), bytes.length]) {
          created.push(bytes.subarray(at, cut));
          at = cut;
        }
        expect(created.complete).toBe(true);
        expect(created.seen).toEqual(meter(wholeMessage("héllo 😀 wörld — ünïcode")).seen);
      }),
    );
  });
});
