import { gzipSync } from "node:zlib";
import { createMemoryModelGate } from "@agency/testing";
import { describe, expect, it, vi } from "vitest";
import { errorOf, STREAM, streamingUpstream } from "../../testing/answers.ts";
import { closedUrl, startUpstream } from "../../testing/loopback-upstream.ts";
import { messageStart, sse, textDelta, USAGE, wholeMessage } from "../../testing/messages.ts";
import { BODY, createHarness } from "../../testing/route-harness.ts";

const PLAIN_MESSAGE = {
  id: "msg_plain",
  type: "message",
  model: "claude-sonnet-4-5-20250929",
  content: [{ type: "text", text: "Hi" }],
  stop_reason: "end_turn",
  usage: { ...USAGE, output_tokens: 303 },
};

describe("answers through the Anthropic route", () => {
  it("reads the usage of a message that is not streamed", async () => {
    await using upstream = await startUpstream((response) =>
      response.setHeader("content-type", "application/json").end(JSON.stringify(PLAIN_MESSAGE)),
    );
    const { send, gate } = createHarness(createMemoryModelGate(), upstream.url);
    expect(await (await send({ ...BODY, stream: false })).json()).toEqual(PLAIN_MESSAGE);
    expect(gate.calls).toMatchObject([{ key: "msg_plain", usage: { output: 303 }, partial: false }]);
  });

  it("reads the usage although the vendor compresses against our wish", async () => {
    await using upstream = await startUpstream((response) =>
      response.writeHead(200, { ...STREAM, "content-encoding": "gzip" }).end(gzipSync(wholeMessage())),
    );
    const { send, gate } = createHarness(createMemoryModelGate(), upstream.url);
    const response = await send();
    expect(response.headers.get("content-encoding")).toBeNull();
    expect(await response.text()).toBe(wholeMessage());
    expect(gate.calls).toMatchObject([{ key: "msg_1", usage: { output: 303 } }]);
  });

  it.each([400, 401, 500, 529])(
    "passes the vendor's own error %d through and records its status",
    async (status) => {
      const error = { type: "error", error: { type: "x_error", message: "theirs" } };
      await using upstream = await startUpstream((response) =>
        response
          .writeHead(status, { "content-type": "application/json", "retry-after": "7", "set-cookie": "a=b" })
          .end(JSON.stringify(error)),
      );
      const { send, gate } = createHarness(createMemoryModelGate(), upstream.url);
      const response = await send();
      expect([
        response.status,
        response.headers.get("retry-after"),
        response.headers.get("set-cookie"),
      ]).toEqual([status, "7", null]);
      expect(await response.json()).toEqual(error);
      expect(gate.calls).toMatchObject([
        { status, partial: false, usage: { input: 0, output: 0 }, model: BODY.model },
      ]);
      expect(gate.spentUsd("task-1")).toBe(0);
    },
  );

  it("records a stream that the vendor cuts as far as it came, and cuts it", async () => {
    const start = sse(messageStart(), textDelta("x".repeat(3000)));
    await using upstream = await startUpstream((response) => {
      response.writeHead(200, STREAM).write(start, () => response.destroy());
    });
    const { send, gate } = createHarness(createMemoryModelGate(), upstream.url);
    await expect((await send()).text()).rejects.toThrow("cut off");
    expect(gate.calls).toMatchObject([
      { key: "msg_1", partial: true, usage: { input: 3003, cacheRead: 15_000, output: 1000 } },
    ]);
  });

  it("records a stream that ends without its last count as partial", async () => {
    await using upstream = await startUpstream((response) =>
      response.writeHead(200, STREAM).end(sse(messageStart(), textDelta("abc"))),
    );
    const { send, gate } = createHarness(createMemoryModelGate(), upstream.url);
    await (await send()).text();
    expect(gate.calls).toMatchObject([{ key: "msg_1", partial: true }]);
  });

  it("follows no redirect, and passes none on", async () => {
    await using other = await streamingUpstream();
    for (const status of [301, 302, 303, 307, 308]) {
      await using upstream = await startUpstream((response) =>
        response.writeHead(status, { location: `${other.url}/v1/messages` }).end(),
      );
      const { send, gate } = createHarness(createMemoryModelGate(), upstream.url);
      const response = await send();
      expect(response.headers.get("location")).toBeNull();
      expect(await errorOf(response)).toMatchObject({ status: 502, type: "api_error" });
      expect(gate.calls).toMatchObject([{ status: 502, partial: true }]);
    }
    expect(other.requests).toHaveLength(0);
  });

  it.each([
    ["is not there", "closed", "(ECONNREFUSED)"],
    ["hangs up", "open", "(ECONNRESET)"],
    ["has no address", "not a url", "malformed"],
    ["is no web address", "file:///etc/passwd", "malformed"],
  ])("says so in the vendor's words when the vendor %s", async (_, address, about) => {
    await using open = await startUpstream((response) => response.destroy());
    const urls: Record<string, string> = { open: open.url, closed: await closedUrl() };
    const { send, gate } = createHarness(createMemoryModelGate(), urls[address] ?? address);
    const message = expect.stringContaining(about);
    expect(await errorOf(await send())).toMatchObject({ status: 502, type: "api_error", message });
    expect(gate.calls).toMatchObject([{ status: 502, usage: { input: 0, output: 0 }, partial: true }]);
  });

  it("takes the vendor's answer although a server has put another Response in the place of the global one", async () => {
    await using upstream = await streamingUpstream();
    const { send, route, placeholder, gate } = createHarness(createMemoryModelGate(), upstream.url);
    vi.stubGlobal("Response", class extends Response {});
    try {
      expect(await (await send()).text()).toBe(wholeMessage());
      const list = new Request("http://x/v1/models", { headers: { "x-api-key": placeholder } });
      expect((await route(list, "/v1/models")).status).toBe(200);
      expect((await send(BODY, { headers: {} })).status).toBe(401);
    } finally {
      vi.unstubAllGlobals();
    }
    expect(gate.calls).toMatchObject([{ key: "msg_1" }]);
  });
});
