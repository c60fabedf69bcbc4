import { describe, expect, it } from "vitest";
import { createBodyRoom, readJsonBody } from "./read-json-body.ts";

const post = (body: string | Uint8Array<ArrayBuffer>, headers: Record<string, string> = {}) =>
  new Request("http://x/", { method: "POST", body, headers });
const LIMIT = { bytes: 1000, ms: 60_000 };
const room = () => createBodyRoom({ all: 1000, each: 1000 }).of("one");

describe("readJsonBody", () => {
  it("writes the body anew, so that a key given twice has one meaning", async () => {
    const body = await readJsonBody(
      post('{ "model": "cheap", "max_tokens": 1, "model": "dear", "\\u006dodel":"dearest" }'),
      room(),
      LIMIT,
    );
    if ("problem" in body) throw new Error(body.problem);
    expect(new TextDecoder().decode(body.bytes)).toBe('{"model":"dearest","max_tokens":1}');
    expect(body.json["model"]).toBe("dearest");
  });

  it.each([
    ["not JSON", "{"],
    ["no object", "[]"],
    ["no object", "null"],
    ["nothing", ""],
    ["not UTF-8", new Uint8Array([0x7b, 0xff, 0x7d])],
  ])("refuses a body that is %s", async (_, body) => {
    expect(await readJsonBody(post(body), room(), LIMIT)).toEqual({ problem: "not_json" });
  });

  it("survives a body nested 200,000 deep", async () => {
    const deep = `{"a":${"[".repeat(200_000)}${"]".repeat(200_000)}}`;
    const body = await readJsonBody(
      post(deep),
      createBodyRoom({ all: 1_000_000, each: 1_000_000 }).of("one"),
      { bytes: 1_000_000, ms: 60_000 },
    );
    expect("problem" in body ? body.problem : body.bytes.length).toBe(deep.length);
  });

  it("refuses what is too large by its own word, or as it comes", async () => {
    expect(await readJsonBody(post("{}", { "content-length": "1001" }), room(), LIMIT)).toEqual({
      problem: "too_large",
    });
    expect(await readJsonBody(post(`"${"x".repeat(1000)}"`), room(), LIMIT)).toEqual({
      problem: "too_large",
    });
  });

  it("refuses a compressed body", async () => {
    expect(await readJsonBody(post("{}", { "content-encoding": "gzip" }), room(), LIMIT)).toEqual({
      problem: "encoded",
    });
  });

  it("shares its room among all bodies and gives it back", async () => {
    const shared = createBodyRoom({ all: 100, each: 100 }).of("one");
    const body = () => post(JSON.stringify({ text: "x".repeat(60) }));
    const first = await readJsonBody(body(), shared, LIMIT);
    expect(await readJsonBody(body(), shared, LIMIT)).toEqual({ problem: "crowded" });
    if (!("problem" in first)) first.release();
    expect(await readJsonBody(body(), shared, LIMIT)).not.toHaveProperty("problem");
  });

  it("gives its room back when the sender goes away", async () => {
    const shared = createBodyRoom({ all: 100, each: 100 }).of("one");
    let sent = false;
    const stream = new ReadableStream<Uint8Array>({
      pull(controller) {
        if (sent) controller.error(new Error("gone"));
        else controller.enqueue(new Uint8Array(90));
        sent = true;
      },
    });
    const request = new Request("http://x/", { method: "POST", body: stream, duplex: "half" });
    expect(await readJsonBody(request, shared, LIMIT)).toEqual({ problem: "aborted" });
    expect(shared.take(100)).toBe(true);
  });

  it("gives no task the room of another", async () => {
    const shared = createBodyRoom({ all: 100, each: 60 });
    const [greedy, other] = [shared.of("greedy"), shared.of("other")];
    const body = () => post(`{"a":"${"x".repeat(32)}"}`);
    const first = await readJsonBody(body(), greedy, LIMIT);
    expect(await readJsonBody(body(), greedy, LIMIT)).toEqual({ problem: "crowded" });
    expect(await readJsonBody(body(), other, LIMIT)).not.toHaveProperty("problem");
    if ("problem" in first) throw new Error(first.problem);
    first.release();
    expect(await readJsonBody(body(), greedy, LIMIT)).not.toHaveProperty("problem");
  });

  it("waits for no sender for ever, and gives its room back", async () => {
    const hungUp = Promise.withResolvers<void>();
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => controller.enqueue(new Uint8Array(50)),
      cancel: () => hungUp.resolve(),
    });
    const request = new Request("http://x/", { method: "POST", body, duplex: "half" });
    const shared = createBodyRoom({ all: 50, each: 50 }).of("one");
    expect(await readJsonBody(request, shared, { bytes: 1000, ms: 1 })).toEqual({ problem: "slow" });
    await hungUp.promise;
    expect(await readJsonBody(post("{}"), shared, LIMIT)).not.toHaveProperty("problem");
  });
});
