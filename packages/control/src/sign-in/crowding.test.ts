import { describe, expect, it } from "vitest";
import { mostCrowding } from "./crowding.ts";

const waiting = (...addresses: string[]) =>
  addresses.map((address, n) => ({ id: `${address} (${n})`, address, requestedAt: n }));

describe("who makes room for one more device", () => {
  it("is the oldest of the address that most ask from", () => {
    expect(mostCrowding(waiting("192.0.2.1", "198.51.100.9", "203.0.113.5", "198.51.100.9"))).toBe(
      "198.51.100.9 (1)",
    );
  });

  it("is one of a tenant that asks from many of its networks, not who asked first", () => {
    const honest = "192.0.2.1";
    expect(
      mostCrowding(waiting(honest, honest, "2001:db8:7:1::1", "2001:db8:7:2::1", "2001:db8:7:3::1")),
    ).toBe("2001:db8:7:1::1 (2)");
    expect(mostCrowding(waiting(honest, "198.51.100.1", "198.51.100.2"))).toBe("198.51.100.1 (1)");
  });

  it("is, among neighbours, of the network that asks more often than the others", () => {
    expect(mostCrowding(waiting("198.51.100.1", "198.51.100.2", "198.51.100.2", "192.0.2.1"))).toBe(
      "198.51.100.2 (1)",
    );
  });

  it("is the oldest of all where everybody asks once", () => {
    expect(mostCrowding(waiting("192.0.2.1", "198.51.100.2", "2001:db8::1"))).toBe("192.0.2.1 (0)");
  });

  it("is nobody where nobody waits", () => {
    expect(mostCrowding([])).toBeNull();
  });
});
