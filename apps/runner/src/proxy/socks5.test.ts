import { describe, expect, it } from "vitest";
import { SOCKS_REPLY, socksMethod, socksReply, socksRequest, socksTarget } from "./socks5.ts";

const port = Buffer.of(1, 187);

describe("the words of SOCKS5", () => {
  it("let anybody in who need not sign in, and nobody else", () => {
    expect([...socksMethod(Buffer.of(2, 0))]).toEqual([5, 0]);
    expect([...socksMethod(Buffer.of(1, 2))]).toEqual([5, 0xff]);
  });

  it("answer with a code and an address that says nothing", () => {
    expect([...socksReply(SOCKS_REPLY.notAllowed)]).toEqual([5, 2, 0, 1, 0, 0, 0, 0, 0, 0]);
  });

  it.each([
    [[5, 1, 0, 1], "v4"],
    [[5, 1, 0, 3], "domain"],
    [[5, 1, 0, 4], "v6"],
    [[5, 1, 0, 2], SOCKS_REPLY.addressUnknown],
    [[5, 2, 0, 1], SOCKS_REPLY.commandUnknown],
    [[5, 3, 0, 3], SOCKS_REPLY.commandUnknown],
    [[4, 1, 0, 1], "foreign"],
  ])("understand the request %j as %s", (head, meaning) => {
    expect(socksRequest(Buffer.from(head))).toBe(meaning);
  });

  it("name where a connection goes", () => {
    expect(socksTarget("domain", Buffer.from("Registry.example"), port)).toBe("Registry.example:443");
    expect(socksTarget("v4", Buffer.of(203, 0, 113, 9), port)).toBe("203.0.113.9:443");
    const v6 = Buffer.from("20010db8000000000000000000000001", "hex");
    expect(socksTarget("v6", v6, port)).toBe("[2001:db8:0:0:0:0:0:1]:443");
  });

  it.each([
    "evil.example\0.allowed.example",
    "a b",
    "a\r\n",
    "a@b",
    "a:80",
    "[::1]",
    "bücher",
    "a%2e",
    "a/b",
  ])("do not know the name %j", (name) => expect(socksTarget("domain", Buffer.from(name), port)).toBeNull());
});
