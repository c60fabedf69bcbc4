import { describe, expect, it } from "vitest";
import { createBodyRoom, readJsonBody } from "./read-json-body.ts";

const post = (body: string | Uint8Array<ArrayBuffer>, headers: Record<string, string> = {}) =>
  new Request("http://x/", { method: "POST", body, headers });
const room = () => createBodyRoom(1000);

describe("readJsonBody", () => {
  it("writes the body anew, so that a key given twice has one meaning", async () => {
    const body = await readJsonBody(
      post('{ "model": "cheap", "max_tokens": 1, "model": "dear", "\\u006dodel":"dearest" }'),
      1000,
      room(),
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
    expect(await readJsonBody(post(body), 1000, room())).toEqual({ problem: "not_json" });
  });

  it("survives a body nested 200,000 deep", async () => {
    const deep = `{"a":${"[".repeat(200_000)}${"]".repeat(200_000)}}`;
    const body = await readJsonBody(post(deep), 1_000_000, createBodyRoom(1_000_000));
    expect("problem" in body ? body.problem : body.bytes.length).toBe(deep.length);
  });

  it("refuses what is too large by its own word, or as it comes", async () => {
    expect(await readJsonBody(post("{}", { "content-length": "1001" }), 1000, room())).toEqual({
      problem: "too_large",
    });
    expect(await readJsonBody(post(`"${"x".repeat(1000)}"`), 1000, room())).toEqual({ problem: "too_large" });
  });

  it("refuses a compressed body", async () => {
    expect(await readJsonBody(post("{}", { "content-encoding": "gzip" }), 1000, room())).toEqual({
      problem: "encoded",
    });
  });

  it("shares its room among all bodies and gives it back", async () => {
    const shared = createBodyRoom(100);
    const body = () => post(JSON.stringify({ text: "x".repeat(60) }));
    const first = await readJsonBody(body(), 1000, shared);
    expect(await readJsonBody(body(), 1000, shared)).toEqual({ problem: "crowded" });
    if (!("problem" in first)) first.release();
    expect(await readJsonBody(body(), 1000, shared)).not.toHaveProperty("problem");
  });

  it("gives its room back when the sender goes away", async () => {
    const shared = createBodyRoom(100);
    let sent = false;
    const stream = new ReadableStream<Uint8Array>({
      pull(controller) {
        if (sent) controller.error(new Error("gone"));
        else controller.enqueue(new Uint8Array(90));
        sent = true;
      },
    });
    const request = new Request("http://x/", { method: "POST", body: stream, duplex: "half" });
    expect(await readJsonBody(request, 1000, shared)).toEqual({ problem: "aborted" });
    expect(shared.take(100)).toBe(true);
  });
});
