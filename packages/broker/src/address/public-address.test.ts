import { describe, expect, it } from "vitest";
import { vetHost } from "./public-address.ts";

describe("the address to dial for a host", () => {
  const own = { has: (address: string) => address === "203.0.113.7" || address === "2001:db8::7" };

  it("is never one of this machine's own, public or not", async () => {
    for (const host of ["203.0.113.7", "[2001:db8::7]"]) {
      expect(await vetHost(host, false, own)).toEqual({
        ok: false,
        why: `${host} is the machine that runs Agency, which is closed to tasks`,
      });
    }
    expect(await vetHost("203.0.113.8", false, own)).toEqual({ ok: true, address: "203.0.113.8" });
  });

  it("is one on an internal network only for a host that was opened", async () => {
    expect(await vetHost("127.0.0.1", false)).toEqual({
      ok: false,
      why: "127.0.0.1 is on an internal network, which is closed to tasks unless AGENCY_INTERNAL_HOSTS names it",
    });
    expect(await vetHost("localhost", false)).toMatchObject({ ok: false });
    expect(await vetHost("127.0.0.1", true)).toEqual({ ok: true, address: "127.0.0.1" });
  });

  it("is none for a name nobody knows", async () => {
    expect(await vetHost("no-such-name.invalid", false)).toEqual({
      ok: false,
      why: "no name server has an address for no-such-name.invalid",
    });
  });
});
