import { describe, expect, it } from "vitest";
import { networkOf, placeOf } from "./network-of.ts";

describe("the place of an address", () => {
  it("is a network in an area in a region", () => {
    expect(placeOf("2001:db8:1:2::9")).toEqual({
      network: "2001:db8:1:2::/64",
      area: "2001:db8:1",
      region: "2001:db8",
    });
    expect(placeOf("192.0.2.1")).toEqual({ network: "192.0.2.1", area: "192:0:2", region: "192:0" });
    expect(placeOf("")).toEqual({ network: "", area: "", region: "" });
  });
});

describe("the network of an address", () => {
  it.each([
    ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"],
    ["2001:0DB8:0001:0002::9", "2001:db8:1:2::/64"],
    ["2001:db8::1", "2001:db8:0:0::/64"],
    ["fe80::1%eth0", "fe80:0:0:0::/64"],
    ["::1", "0:0:0:0::/64"],
    ["64:ff9b::192.0.2.1", "64:ff9b:0:0::/64"],
    ["192.0.2.1", "192.0.2.1"],
    ["01900000-0000-7000-8000-0000000000d1", "01900000-0000-7000-8000-0000000000d1"],
    ["", ""],
  ])("%s is %s", (address, network) => {
    expect(networkOf(address)).toBe(network);
  });
});
