import { createMemoryModelGate } from "@agency/testing";
import { describe, expect, it } from "vitest";
import { errorOf, STREAM } from "../testing/answers.ts";
import { startUpstream } from "../testing/loopback-upstream.ts";
import { messageStart, sse, textDelta, wholeMessage } from "../testing/messages.ts";
import { createHarness, gateWith } from "../testing/route-harness.ts";

describe("an attempt that is fenced", () => {
  it("is cut in the middle of a stream; the vendor is hung up on and what was seen is recorded", async () => {
    const closed = Promise.withResolvers<void>();
    await using upstream = await startUpstream((response) => {
      response.once("close", closed.resolve);
      response.writeHead(200, STREAM).write(sse(messageStart(), textDelta("x".repeat(3000))));
    });
    const settled = Promise.withResolvers<void>();
    const memory = createMemoryModelGate();
    const gate = gateWith(memory, {
      async settle(caller, reservation) {
        await memory.settle(caller, reservation);
        settled.resolve();
      },
    });
    const { send, fence } = createHarness(createMemoryModelGate(), upstream.url, { gate });
    const response = await send(undefined, { headers: { "x-api-key": memory.issue() } });
    const reader = (response.body ?? new ReadableStream<Uint8Array>()).getReader();
    await reader.read();
    const pending = reader.read();
    expect(fence.watched()).toBe(1);
    fence.cut();
    await expect(pending).rejects.toThrow("cut off");
    await Promise.all([closed.promise, settled.promise]);
    expect(memory.calls).toMatchObject([
      { key: "msg_1", partial: true, usage: { input: 3003, output: 1000 } },
    ]);
    expect([memory.open.size, fence.watched()]).toEqual([0, 0]);
  });

  it("is told so when the vendor has not answered yet", async () => {
    const asked = Promise.withResolvers<void>();
    await using upstream = await startUpstream(() => asked.resolve());
    const { send, fence, gate } = createHarness(createMemoryModelGate(), upstream.url);
    const response = send();
    await asked.promise;
    fence.cut();
    expect(await errorOf(await response)).toMatchObject({ status: 403, type: "permission_error" });
    expect(gate.calls).toMatchObject([{ status: 403, partial: true }]);
    expect([gate.open.size, fence.watched()]).toEqual([0, 0]);
  });
});

describe("the time a call may take", () => {
  it("ends the wait for an answer that does not begin", async () => {
    await using upstream = await startUpstream(() => {});
    const limits = { headersMs: 20 };
    const { send, gate } = createHarness(createMemoryModelGate(), upstream.url, { limits });
    expect(await errorOf(await send())).toMatchObject({
      status: 504,
      type: "timeout_error",
      message: expect.stringContaining("HEADERS_TIMEOUT"),
      retry: "true",
    });
    expect([gate.calls[0]?.status, gate.open.size]).toEqual([504, 0]);
  });

  it("is not that of the beginning once the answer has begun", async () => {
    const begun = Promise.withResolvers<void>();
    await using upstream = await startUpstream((response) => {
      response.writeHead(200, STREAM).flushHeaders();
      void begun.promise.then(() => response.end(wholeMessage()));
    });
    const limits = { headersMs: 50 };
    const { send } = createHarness(createMemoryModelGate(), upstream.url, { limits });
    const response = await send();
    await new Promise((resolve) => setTimeout(resolve, 2 * limits.headersMs));
    begun.resolve();
    expect(await response.text()).toBe(wholeMessage());
  });

  it("cuts a stream that goes on and on", async () => {
    await using upstream = await startUpstream((response) => {
      response.writeHead(200, STREAM).write(sse(messageStart()));
    });
    const { send, fence, gate } = createHarness(createMemoryModelGate(), upstream.url, {
      limits: { callMs: 30 },
    });
    await expect((await send()).text()).rejects.toThrow("cut off");
    await new Promise((resolve) => setImmediate(resolve));
    expect([gate.calls[0]?.partial, gate.open.size, fence.watched()]).toEqual([true, 0, 0]);
  });
});

describe("every admitted call", () => {
  it("is settled once, whatever its answer is", async () => {
    const answers = [200, 400, 500, 529];
    await using upstream = await startUpstream((response) => {
      const status = answers.shift() ?? 0;
      if (status === 0) return response.destroy();
      return response.writeHead(status, STREAM).end(status === 200 ? wholeMessage() : "{}");
    });
    const { send, gate, fence } = createHarness(createMemoryModelGate(), upstream.url);
    for (let round = 0; round < 5; round += 1) await (await send()).text();
    expect([...gate.settled.values()]).toEqual([1, 1, 1, 1, 1]);
    expect([gate.open.size, fence.watched()]).toEqual([0, 0]);
  });
});
