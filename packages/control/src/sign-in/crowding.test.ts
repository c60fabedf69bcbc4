import { describe, expect, it } from "vitest";
import { mostCrowding } from "./crowding.ts";

const waiting = (...addresses: string[]) =>
  addresses.map((address, n) => ({ id: `${address} (${n})`, address, requestedAt: n }));
const many = (count: number, address: (n: number) => string) =>
  Array.from({ length: count }, (_, n) => address(n));

describe("who makes room for one more device", () => {
  it("is the oldest of the address that most ask from", () => {
    const loud = "198.51.100.9";
    expect(mostCrowding(waiting("192.0.2.1", loud, "203.0.113.5", loud, loud, loud))).toBe(`${loud} (1)`);
  });

  it("is one of a tenant that asks from many of its networks, not who asked first", () => {
    const honest = many(3, () => "192.0.2.1");
    expect(mostCrowding(waiting(...honest, ...many(4, (n) => `2001:db8:7:${n}::1`)))).toBe(
      "2001:db8:7:0::1 (3)",
    );
    expect(mostCrowding(waiting(...honest, ...many(4, (n) => `198.51.100.${n}`)))).toBe("198.51.100.0 (3)");
  });

  it("is one of a provider that asks once from each of its many areas, not who asked first", () => {
    const honest = many(3, () => "192.0.2.1");
    expect(mostCrowding(waiting(...honest, ...many(190, (n) => `2001:db8:${n}::1`)))).toBe(
      "2001:db8:0::1 (3)",
    );
    expect(mostCrowding(waiting(...honest, ...many(190, (n) => `198.51.${n}.1`)))).toBe("198.51.0.1 (3)");
  });

  it("is, among neighbours, of the network that asks more often than the others", () => {
    const loud = many(4, () => "198.51.100.2");
    expect(mostCrowding(waiting("198.51.7.1", "198.51.100.1", ...loud))).toBe("198.51.100.2 (2)");
  });

  it("is not who asks two or three times where all others ask once", () => {
    const strangers = many(190, (n) => `${n + 1}.1.1.1`);
    expect(mostCrowding(waiting(...strangers, "192.0.2.1", "192.0.2.1", "192.0.2.1"))).toBe("1.1.1.1 (0)");
  });

  it("is the oldest of all where everybody asks once", () => {
    expect(mostCrowding(waiting("192.0.2.1", "198.51.100.2", "2001:db8::1"))).toBe("192.0.2.1 (0)");
  });

  it("is nobody where nobody waits", () => {
    expect(mostCrowding([])).toBeNull();
  });
});
