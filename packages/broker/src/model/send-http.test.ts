import { brotliCompressSync, gzipSync, zstdCompressSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { startUpstream } from "../testing/loopback-upstream.ts";
import { sendHttp } from "./send-http.ts";

const ask = (more: object = {}) => ({
  method: "GET",
  headers: new Headers(),
  body: null,
  signal: new AbortController().signal,
  headersMs: 5000,
  ...more,
});

describe("sendHttp", () => {
  it.each([
    ["identity", Buffer.from("text")],
    ["gzip", gzipSync("text")],
    ["br", brotliCompressSync("text")],
    ["zstd", zstdCompressSync("text")],
  ])("reads an answer in %s", async (encoding, bytes) => {
    await using upstream = await startUpstream((response) =>
      response.writeHead(200, { "content-encoding": encoding, "x-two": ["a", "b"] }).end(bytes),
    );
    const answer = await sendHttp(new URL(upstream.url), ask());
    expect([answer.status, answer.headers.get("x-two")]).toEqual([200, "a, b"]);
    expect(await new Response(answer.body).text()).toBe("text");
  });

  it("fails on an encoding it does not know and on one that is broken", async () => {
    await using upstream = await startUpstream((response, { url }) =>
      response.writeHead(200, { "content-encoding": url === "/odd" ? "odd" : "gzip" }).end("text"),
    );
    await expect(sendHttp(new URL("/odd", upstream.url), ask())).rejects.toMatchObject({
      code: "UNKNOWN_ENCODING",
    });
    const answer = await sendHttp(new URL(upstream.url), ask());
    await expect(new Response(answer.body).text()).rejects.toThrow("incorrect header check");
  });

  it("gives up an answer that does not begin, and one that nobody wants any more", async () => {
    await using upstream = await startUpstream(() => {});
    await expect(sendHttp(new URL(upstream.url), ask({ headersMs: 10 }))).rejects.toMatchObject({
      code: "HEADERS_TIMEOUT",
    });
    const signal = AbortSignal.timeout(10);
    await expect(sendHttp(new URL(upstream.url), ask({ signal }))).rejects.toThrow("aborted");
  });

  it("hangs up when the reader goes away", async () => {
    const closed = Promise.withResolvers<void>();
    await using upstream = await startUpstream((response) => {
      response.once("close", closed.resolve);
      response.write("text");
    });
    const { body } = await sendHttp(new URL(upstream.url), ask());
    await body?.cancel();
    await expect(closed.promise).resolves.toBeUndefined();
  });
});
