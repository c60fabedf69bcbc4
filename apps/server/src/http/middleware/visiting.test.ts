import { Hono } from "hono";
import { describe, expect, it } from "vitest";
import type { ApiEnv, Visiting } from "../env.ts";
import { visiting } from "./visiting.ts";

const PROXY = "10.0.0.1";

async function seen(remoteAddress: string | undefined, headers: Record<string, string>): Promise<Visiting> {
  const app = new Hono<ApiEnv>();
  const facts = Promise.withResolvers<Visiting>();
  app.use(visiting([PROXY]));
  app.get("/", (c) => {
    facts.resolve(c.get("visiting"));
    return c.body(null);
  });
  const env = { incoming: { socket: { remoteAddress } } };
  await app.request("http://x.test/", { headers }, env);
  return facts.promise;
}

describe("a visitor", () => {
  it.each([
    ["127.0.0.1", {}, true],
    ["::ffff:127.0.0.1", {}, true],
    ["::1", {}, true],
    ["192.0.2.7", {}, false],
    [undefined, {}, false],
    [PROXY, { "x-forwarded-for": "192.0.2.7" }, false],
  ])("of %s that calls us localhost is on this machine: %s %s", async (peer, more, loopback) => {
    const facts = await seen(peer, { host: "localhost:7717", ...more });
    expect(facts.loopback).toBe(loopback);
  });

  it("on this machine that calls us by another name is not taken at its word", async () => {
    expect((await seen("127.0.0.1", { host: "agency.test" })).loopback).toBe(false);
  });

  it("came over https when a proxy of ours says so, and only then", async () => {
    const headers = { host: "agency.test", "x-forwarded-proto": "https" };
    expect([(await seen(PROXY, headers)).https, (await seen("192.0.2.7", headers)).https]).toEqual([
      true,
      false,
    ]);
  });
});
