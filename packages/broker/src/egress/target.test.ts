import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { addressKind } from "../address/address-kind.ts";
import { parseTarget, targetText } from "./target.ts";

describe("what a connection asks for", () => {
  it.each([
    ["Example.COM:443", "example.com", 443, false],
    ["example.com.:80", "example.com", 80, false],
    ["xn--bcher-kva.example:443", "xn--bcher-kva.example", 443, false],
    ["under_score.example:8443", "under_score.example", 8443, false],
    ["registry:5000", "registry", 5000, false],
    ["8.8.8.8:53", "8.8.8.8", 53, true],
    ["[2606:4700::1111]:443", "2606:4700::1111", 443, true],
    ["[2606:4700:0:0:0:0:0:1111]:443", "2606:4700::1111", 443, true],
  ])("%s is understood", (text, host, port, isLiteral) => {
    expect(parseTarget(text)).toEqual({ host, port, isLiteral });
  });

  it.each([
    ["127.1:80", "127.0.0.1"],
    ["0:80", "0.0.0.0"],
    ["2130706433:80", "127.0.0.1"],
    ["0x7f000001:80", "127.0.0.1"],
    ["0x7f.1:80", "127.0.0.1"],
    ["017700000001:80", "127.0.0.1"],
    ["127.0.0.1.:80", "127.0.0.1"],
    ["0xA9FEA9FE:80", "169.254.169.254"],
    ["[::ffff:127.0.0.1]:80", "::ffff:7f00:1"],
    ["[::127.0.0.1]:80", "::7f00:1"],
  ])("%s is seen as the address it means", (text, host) => {
    expect(parseTarget(text)).toMatchObject({ host, isLiteral: true });
  });

  it.each([
    "",
    "example.com",
    "example.com:",
    ":443",
    "example.com:0",
    "example.com:00443",
    "example.com:65536",
    "example.com:443:1",
    "example.com:443 ",
    " example.com:443",
    "example.com:443/",
    "user@example.com:443",
    "user:pass@example.com:443",
    "http://example.com:443",
    "example.com#:443",
    "example.com?:443",
    "example.com\\:443",
    "example.com%2e:443",
    "127.0.0.1%00.example.com:443",
    "evil.example\0.a.com:443",
    "a.com:443\r\nhost: b.com",
    "a.com\n:443",
    "a.com:443\n",
    "a\tb.com:443",
    "１２７.0.0.1:80",
    "127。0。0。1:80",
    "①②⑦.0.0.1:80",
    "ⓔxample.com:443",
    "bücher.example:443",
    "a..com:443",
    "a.com..:443",
    ".a.com:443",
    "-a.com:443",
    "*.a.com:443",
    "1.2.3.4.5:80",
    "256.1.1.1:80",
    "[::1:80",
    "::1:80",
    "[fe80::1%25eth0]:80",
    "[fe80::1%eth0]:80",
    "[v1.x]:80",
    `${"a".repeat(64)}.com:443`,
    `${"a.".repeat(127)}com:443`,
  ])("%j is no target", (text) => expect(parseTarget(text)).toBeNull());

  it("means one thing: what is read back is the same again", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary-ascii", maxLength: 30 }), fc.nat(70_000), (host, port) => {
        const target = parseTarget(`${host}:${port}`);
        if (target === null) return;
        expect(parseTarget(targetText(target))).toEqual(target);
        expect(target.host).toMatch(/^[a-z0-9._:-]+$/);
      }),
      { numRuns: 2_000 },
    );
  });

  it("never hides an IPv4 address in another spelling", () => {
    const part = fc.nat(255);
    fc.assert(
      fc.property(part, part, part, fc.constantFrom(10, 8, 16), (b, c, d, base) => {
        const prefix = base === 16 ? "0x" : base === 8 ? "0" : "";
        const whole = ((127 * 256 + b) * 256 + c) * 256 + d;
        const [dotted, decimal] = [[127, b, c, d], [whole]].map((numbers) =>
          numbers.map((number) => prefix + number.toString(base)).join("."),
        );
        for (const spelling of [dotted, decimal]) {
          expect(addressKind(parseTarget(`${spelling}:80`)?.host ?? "")).toBe("loopback");
        }
      }),
    );
  });
});
