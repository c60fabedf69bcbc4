import { createMemoryModelGate } from "@agency/testing";
import { describe, expect, it } from "vitest";
import { STREAM } from "../testing/answers.ts";
import { startUpstream } from "../testing/loopback-upstream.ts";
import { BODY, createHarness, REAL_KEY } from "../testing/route-harness.ts";

describe("a gateway that quotes what it was given", () => {
  it.each([REAL_KEY.length, 10])("gets no key into a stream, whole or in pieces of %i", async (size) => {
    await using upstream = await startUpstream(async (response, { headers }) => {
      const said = `data: {"message":"😀 bad key ${String(headers["x-api-key"])}"}\n\n`;
      const bytes = Buffer.from(said);
      response.writeHead(200, STREAM);
      for (let at = 0; at < bytes.length; at += size) {
        await new Promise((resolve) => response.write(bytes.subarray(at, at + size), resolve));
        await new Promise((resolve) => setImmediate(resolve));
      }
      response.end();
    });
    const { send } = createHarness(createMemoryModelGate(), upstream.url);
    const text = await (await send()).text();
    expect(text).toBe('data: {"message":"😀 bad key [redacted:credential]"}\n\n');
  });

  it("may name the version of its API, which is no secret", async () => {
    const said = '{"content":"on 2024-02-01 with q-5f0d11c2"}';
    await using upstream = await startUpstream((response) => {
      response.writeHead(200, { "content-type": "application/json" }).end(said);
    });
    const base = `${upstream.url}/?api-version=2024-02-01&key=q-5f0d11c2`;
    const { send } = createHarness(createMemoryModelGate(), base);
    const text = await (await send({ ...BODY, stream: false })).text();
    expect(text).toBe('{"content":"on 2024-02-01 with [redacted:credential]"}');
  });
});
