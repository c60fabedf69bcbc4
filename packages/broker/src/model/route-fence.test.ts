import type { ServerResponse } from "node:http";
import { createMemoryModelGate } from "@agency/testing";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { errorOf, STREAM } from "../testing/answers.ts";
import { startUpstream } from "../testing/loopback-upstream.ts";
import { messageStart, sse, textDelta, wholeMessage } from "../testing/messages.ts";
import { createHarness, gateWith } from "../testing/route-harness.ts";

const MINUTE = 60_000;

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
  beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] }));
  afterEach(() => void vi.useRealTimers());

  /** A vendor that answers when it is told to. */
  async function patientVendor() {
    const asked = Promise.withResolvers<ServerResponse>();
    const upstream = await startUpstream((response) => asked.resolve(response));
    return { url: upstream.url, asked: asked.promise, [Symbol.asyncDispose]: upstream[Symbol.asyncDispose] };
  }

  it("lets an answer begin after six minutes, which fetch would not wait for", async () => {
    await using vendor = await patientVendor();
    const { send } = createHarness(createMemoryModelGate(), vendor.url);
    const response = send();
    const answer = await vendor.asked;
    vi.advanceTimersByTime(6 * MINUTE);
    answer.writeHead(200, STREAM).end(wholeMessage());
    expect(await (await response).text()).toBe(wholeMessage());
  });

  it("ends the wait for an answer that has not begun after ten minutes", async () => {
    await using vendor = await patientVendor();
    const { send, gate } = createHarness(createMemoryModelGate(), vendor.url);
    const response = send();
    await vendor.asked;
    vi.advanceTimersByTime(10 * MINUTE);
    expect(await errorOf(await response)).toMatchObject({
      status: 504,
      type: "timeout_error",
      message: expect.stringContaining("HEADERS_TIMEOUT"),
      retry: "true",
    });
    expect([gate.calls[0]?.status, gate.open.size]).toEqual([504, 0]);
  });

  it("leaves an answer that has begun an hour, and cuts it then", async () => {
    await using vendor = await patientVendor();
    const { send, fence, gate } = createHarness(createMemoryModelGate(), vendor.url);
    const response = send();
    const answer = await vendor.asked;
    answer.writeHead(200, STREAM).write(sse(messageStart()));
    const reader = ((await response).body ?? new ReadableStream<Uint8Array>()).getReader();
    await reader.read();
    vi.advanceTimersByTime(59 * MINUTE);
    answer.write(sse(textDelta("still here")));
    expect((await reader.read()).done).toBe(false);
    vi.advanceTimersByTime(MINUTE);
    await expect(reader.read()).rejects.toThrow("cut off");
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
