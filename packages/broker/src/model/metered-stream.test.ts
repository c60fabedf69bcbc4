import { describe, expect, it } from "vitest";
import { meteredStream as openStream } from "./metered-stream.ts";
import type { StreamMeter } from "./metered-stream.ts";
import { createSseFilter } from "./sse-filter.ts";

const never = new AbortController().signal;

function meteredStream(body: ReadableStream<Uint8Array>, meter: StreamMeter, settle: () => Promise<void>) {
  return openStream({ body, meter, settle, signal: never, over: () => {} });
}

const bytes = (text: string) => new TextEncoder().encode(text);

/** A meter that is complete once it has seen an `!`. */
function meterUpTo() {
  const seen: string[] = [];
  return {
    seen,
    push: (chunk: Uint8Array) => void seen.push(new TextDecoder().decode(chunk)),
    get complete() {
      return seen.some((text) => text.includes("!"));
    },
  };
}

function bodyOf(...chunks: string[]): ReadableStream<Uint8Array> {
  return new ReadableStream({
    pull(controller) {
      const next = chunks.shift();
      if (next === undefined) controller.close();
      else controller.enqueue(bytes(next));
    },
  });
}

describe("meteredStream", () => {
  it("lets the piece that completes the count go only once it is settled, and the ones before at once", async () => {
    const settled = Promise.withResolvers<void>();
    const meter = meterUpTo();
    const reader = meteredStream(bodyOf("a", "b!", "c"), meter, () => settled.promise).getReader();
    expect((await reader.read()).value).toEqual(bytes("a"));
    let released = false;
    const last = reader.read().then((read) => {
      released = true;
      return read;
    });
    await new Promise((resolve) => setImmediate(resolve));
    expect([meter.seen, released]).toEqual([["a", "b!"], false]);
    settled.resolve();
    expect((await last).value).toEqual(bytes("b!"));
    expect((await reader.read()).value).toEqual(bytes("c"));
    expect((await reader.read()).done).toBe(true);
  });

  it("reads nothing that nobody asked for", async () => {
    let pulled = 0;
    const body = new ReadableStream<Uint8Array>(
      {
        pull(controller) {
          pulled += 1;
          controller.enqueue(bytes("x"));
        },
      },
      { highWaterMark: 0 },
    );
    const reader = meteredStream(body, meterUpTo(), async () => {}).getReader();
    await new Promise((resolve) => setImmediate(resolve));
    expect(pulled).toBe(0);
    await reader.read();
    await reader.read();
    await new Promise((resolve) => setImmediate(resolve));
    expect(pulled).toBe(2);
  });

  it.each([
    ["whole", "a!"],
    ["without a last count", "a"],
  ])("settles once, before the end of a stream that is %s", async (_, text) => {
    let settles = 0;
    const stream = meteredStream(bodyOf(text), meterUpTo(), async () => void (settles += 1));
    expect(await new Response(stream).text()).toBe(text);
    expect(settles).toBe(1);
  });

  it("settles when the vendor cuts the stream, and cuts it too", async () => {
    let settles = 0;
    let failing = false;
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        if (failing) controller.error(new Error("secret detail"));
        else controller.enqueue(bytes("a"));
        failing = true;
      },
    });
    const reader = meteredStream(body, meterUpTo(), async () => void (settles += 1)).getReader();
    expect((await reader.read()).value).toEqual(bytes("a"));
    await expect(reader.read()).rejects.toThrow("The model's response was cut off.");
    expect(settles).toBe(1);
  });

  it("tells the vendor and settles when the reader goes away", async () => {
    let settles = 0;
    let cancelled = false;
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => controller.enqueue(bytes("a")),
      cancel: () => void (cancelled = true),
    });
    const reader = meteredStream(body, meterUpTo(), async () => void (settles += 1)).getReader();
    await reader.read();
    await reader.cancel();
    expect([cancelled, settles]).toEqual([true, 1]);
  });

  it("cuts off at once when it is told to, reads no more, and settles what was seen", async () => {
    const fence = new AbortController();
    const ends: string[] = [];
    let cancelled = false;
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => controller.enqueue(bytes("a")),
      cancel: () => void (cancelled = true),
    });
    const meter = meterUpTo();
    const settle = async () => void ends.push("settled");
    const over = () => void ends.push("over");
    const reader = openStream({ body, meter, settle, over, signal: fence.signal }).getReader();
    await reader.read();
    const pending = reader.read();
    fence.abort();
    await expect(pending).rejects.toThrow("cut off");
    await new Promise((resolve) => setImmediate(resolve));
    expect([cancelled, ends, meter.seen]).toEqual([true, ["settled", "over"], ["a"]]);
  });

  it("leaves out what a filter takes, and counts it all the same", async () => {
    const meter = meterUpTo();
    const filter = createSseFilter((event) => event.includes("!"));
    const body = bodyOf("data: 1\n", "\ndata: 2!", "\n\ndata: 3");
    const stream = openStream({ body, meter, filter, settle: async () => {}, over: () => {}, signal: never });
    expect(await new Response(stream).text()).toBe("data: 1\n\ndata: 3");
    expect(meter.complete).toBe(true);
  });
});
