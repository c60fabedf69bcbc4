import { createMemoryModelGate } from "@agency/testing";
import { describe, expect, it } from "vitest";
import { startUpstream } from "../../testing/loopback-upstream.ts";
import { createHarness, NOWHERE, REAL_KEY } from "../../testing/route-harness.ts";

describe("the real credential", () => {
  const SECRETS = [REAL_KEY, "p%40ss-word", "p@ss-word", btoa("user:p@ss-word")];

  it.each([
    ["refused", (url: string) => url, 401],
    ["quoted in an answer", (url: string) => url, 200],
    ["sent to nobody", () => "http://user:p%40ss-word@127.0.0.1:9/base?token=q-secret", 0],
    ["sent to a bad address", () => "http://user:p%40ss-word@[bad/base?token=q-secret", 0],
  ])("is in no answer and no log when it is %s", async (_, base, status) => {
    await using upstream = await startUpstream((response, { headers }) =>
      response
        .writeHead(status, { "content-type": "application/json", "x-echo": String(headers["x-api-key"]) })
        .end(
          JSON.stringify({
            type: "error",
            error: { message: `no such key: ${String(headers["x-api-key"])}` },
          }),
        ),
    );
    const baseUrl = base(upstream.url);
    const { send, logger } = createHarness(createMemoryModelGate(), baseUrl);
    const response = await send();
    const shown = JSON.stringify([...response.headers]) + (await response.text()) + logger.text();
    for (const secret of [...SECRETS, "q-secret"]) expect(shown).not.toContain(secret);
  });

  it("is not shown when it is no header at all", async () => {
    const { send, logger, gate } = createHarness(createMemoryModelGate(), NOWHERE, {
      keys: [`${REAL_KEY}\0broken`],
    });
    const response = await send();
    const shown = (await response.text()) + logger.text();
    expect(response.status).toBe(502);
    expect(shown).not.toContain("the-real-key");
    expect(gate.calls).toHaveLength(1);
  });
});
