import { networkInterfaces } from "node:os";
import { describe, expect, it } from "vitest";
import { createOwnAddresses } from "./own-addresses.ts";

describe("this machine's own addresses", () => {
  let now = 0;
  const clock = { now: () => now, sleep: async () => undefined };

  it("are those of its interfaces", () => {
    const own = createOwnAddresses(clock);
    const all = Object.values(networkInterfaces()).flatMap((some = []) => some);
    expect(all.length).toBeGreaterThan(0);
    expect(all.every(({ address }) => own.has(address))).toBe(true);
    expect(own.has("192.0.2.77")).toBe(false);
  });

  it("are read again after five seconds, not at every question", () => {
    let reads = 0;
    let addresses = ["203.0.113.1"];
    const own = createOwnAddresses(clock, () => {
      reads += 1;
      return addresses;
    });
    expect(own.has("203.0.113.1")).toBe(true);
    addresses = ["2001:db8:0::0005"];
    now += 4_999;
    expect(own.has("203.0.113.1")).toBe(true);
    expect(reads).toBe(1);
    now += 1;
    expect(own.has("203.0.113.1")).toBe(false);
    expect(own.has("2001:db8::5")).toBe(true);
    expect(reads).toBe(2);
  });

  it("do not hold what is no address", () => {
    expect(createOwnAddresses(clock).has("localhost")).toBe(false);
  });
});
