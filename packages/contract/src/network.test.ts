import { describe, expect, it } from "vitest";
import { accountNetworkSchema, changeNetworkSchema } from "./account-network.ts";
import {
  closedHostSchema,
  hostPatternSchema,
  isListName,
  listHostSchema,
  listNameSchema,
  listsOf,
  networkSchema,
} from "./network.ts";
import { workOrderSchema } from "./runner.ts";
import { createTaskSchema, taskSchema } from "./tasks.ts";

/** What earlier versions accepted, and no connection was ever for. */
const KEPT = ["10.0.0.256", "x.y:70000", "foo.1", ""];

describe("a network that was kept when the grammar of hosts was wider", () => {
  it.each(KEPT)("is read with %j in it, and not accepted any more", (host) => {
    const network = { allow: ["dev", host] };
    expect(networkSchema.parse(network)).toEqual(network);
    expect(taskSchema.shape.network.parse(network)).toEqual(network);
    expect(accountNetworkSchema.parse({ lists: [], never: [], default: network }).default).toEqual(network);
    expect(createTaskSchema.safeParse({ prompt: "x", network }).success).toBe(false);
    expect(changeNetworkSchema.safeParse({ default: network }).success).toBe(false);
  });

  it.each(["*.1.2.3.4", "foo.1"])("may be opened if it was closed: %s", (host) => {
    expect(changeNetworkSchema.parse({ open: [host] })).toEqual({ open: [host] });
    expect(changeNetworkSchema.safeParse({ close: [host] }).success).toBe(false);
  });

  it("goes to the runner with its task", () => {
    expect(workOrderSchema.shape.network.parse({ allow: KEPT })).toEqual({ allow: KEPT });
  });
});

describe("the name of a list", () => {
  it.each(["ours", "a", "x-1", "developers", "devs"])(
    "may be %s, and is one where a host may be named",
    (name) => {
      expect([listNameSchema.parse(name), hostPatternSchema.parse(name)]).toEqual([name, name]);
      expect(listsOf({ allow: [name, "a.example"] })).toEqual([name]);
      expect(isListName(name)).toBe(true);
    },
  );

  it.each(["none", "internet", "allow", "Ours", "1st", "a.b", "x".repeat(32)])("is not %s", (name) => {
    expect(listNameSchema.safeParse(name).success).toBe(false);
  });

  it("is not dev for another one: the built-in list can be named, and not made", () => {
    expect(listNameSchema.safeParse("dev").success).toBe(false);
    expect([hostPatternSchema.parse("dev"), listHostSchema.parse("dev")]).toEqual(["dev", "dev"]);
  });
});

describe("a host that is closed", () => {
  it.each([
    ["gitlab", "gitlab"],
    ["GitLab:8443", "gitlab:8443"],
    ["*.RU", "*.ru"],
    ["*.lan:80", "*.lan:80"],
    ["*.рф", "*.xn--p1ai"],
    ["рф.", "xn--p1ai"],
    ["_dmarc", "_dmarc"],
  ])("may be a single label or all below one: %s", (given, kept) =>
    expect(closedHostSchema.parse(given)).toBe(kept),
  );

  it.each(["*", "*.", "*.*", "*.*.ru", ".ru", "-x", "123", "0x7f", "*.123", "a b", ""])(
    "is not %j, which no connection is for",
    (given) => expect(closedHostSchema.safeParse(given).success).toBe(false),
  );
});

it.each(["*.1.2.3.4", "*.1.2.3.4:443", "*.0x7f.1", "*.1.2.3.999", "*.a.example.1"])(
  "all below an address is nothing that could be opened or closed: %s",
  (given) => {
    for (const schema of [closedHostSchema, hostPatternSchema, listHostSchema])
      expect(schema.safeParse(given).success).toBe(false);
  },
);
