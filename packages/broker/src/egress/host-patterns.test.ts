import { closedHostSchema, hostPatternSchema } from "@agency/contract";
import type { Network } from "@agency/contract";
import { describe, expect, it } from "vitest";
import { closingPattern, opens, patternsOf } from "./host-patterns.ts";
import { judgeTarget } from "./judge-target.ts";
import { parseTarget } from "./target.ts";
import type { Target } from "./target.ts";

function targetOf(authority: string): Target {
  const target = parseTarget(authority);
  if (target === null) throw new Error(`${authority} is no target`);
  return target;
}

const closes = (pattern: string, authority: string) =>
  closingPattern([closedHostSchema.parse(pattern)], targetOf(authority)) !== null;

describe("a list that a network names", () => {
  const lists = new Map([
    ["ours", ["a.example", "*.b.example:8443"]],
    ["all", ["dev", "c.example"]],
  ]);

  it("stands for the hosts on it, beside those of the task itself", () => {
    expect(patternsOf(["ours", "d.example"], lists)).toEqual({
      patterns: ["a.example", "*.b.example:8443", "d.example"],
      gone: [],
    });
    const { patterns } = patternsOf(["ours"], lists);
    for (const open of ["a.example:443", "A.EXAMPLE.:80", "x.b.example:8443"])
      expect(opens(patterns, targetOf(open)), open).toBe(true);
    for (const shut of ["a.example:8443", "x.b.example:443", "b.example:8443", "ours:443", "d.example:443"])
      expect(opens(patterns, targetOf(shut)), shut).toBe(false);
  });

  it("may hold the built-in one", () => {
    expect(opens(patternsOf(["all"], lists).patterns, targetOf("registry.npmjs.org:443"))).toBe(true);
  });

  it("opens nothing once it is gone, and is named; the built-in one never is", () => {
    const { patterns, gone } = patternsOf(["dev", "gone", "ours", "constructor"], lists);
    expect(gone).toEqual(["gone", "constructor"]);
    expect(opens(patterns, targetOf("gone.example:443"))).toBe(false);
    expect(opens(patterns, targetOf("a.example:443"))).toBe(true);
  });

  it("cannot take the place of the built-in one by what it holds", () => {
    const odd = new Map([["ours", ["none", "internet", "theirs"]]]);
    expect(patternsOf(["ours"], odd).patterns).toEqual([]);
    const taken = new Map([["dev", ["evil.example"]]]);
    expect(opens(patternsOf(["dev"], taken).patterns, targetOf("evil.example:443"))).toBe(false);
  });
});

describe("a closed host", () => {
  it.each([
    ["a.example", "a.example:443"],
    ["a.example", "a.example:22"],
    ["A.Example.", "a.EXAMPLE.:65535"],
    ["a.example:8443", "a.example:8443"],
    ["*.a.example", "x.a.example:80"],
    ["*.a.example", "y_z.x.a.example:80"],
    ["x_y.a.example", "x_y.a.example:80"],
    ["gitlab", "gitlab:22"],
    ["*.ru", "a.b.ru:443"],
    ["*.lan:80", "nas.lan:80"],
    ["bücher.example", "xn--bcher-kva.example:443"],
    ["XN--BCHER-KVA.example", "xn--bcher-kva.example:443"],
    ["203.0.113.7", "203.0.113.7:443"],
    ["203.0.113.7", "0xcb007107:443"],
    ["203.0.113.7", "203.0.28935:443"],
    ["0xcb.0.113.7", "203.0.113.7:443"],
    ["[2001:DB8:0:0::1]", "[2001:db8::1]:443"],
    ["[2001:db8::1]:443", "[2001:0db8:0::0001]:443"],
  ])("%s closes %s", (pattern, authority) => expect(closes(pattern, authority)).toBe(true));

  it.each([
    ["a.example", "x.a.example:443"],
    ["a.example", "xa.example:443"],
    ["a.example", "a.example.b.example:443"],
    ["*.a.example", "a.example:443"],
    ["*.a.example", "xa.example:443"],
    ["a.example:8443", "a.example:443"],
    ["203.0.113.7", "203.0.113.70:443"],
    ["gitlab", "gitlab.example:443"],
    ["*.ru", "ru:443"],
    ["*.ru", "guru:443"],
    ["[2001:db8::1]:443", "[2001:db8::1]:80"],
    ["[2001:db8::1]", "[2001:db8::1:1]:80"],
  ])("%s does not close %s", (pattern, authority) => expect(closes(pattern, authority)).toBe(false));

  it.each<Network>(["internet", { allow: ["ours"] }, { allow: ["a.example"] }, "none"])(
    "stays closed whatever the task's own network is: %j",
    (network) => {
      const lists = new Map([["ours", ["a.example"]]]);
      const policy = { network, lists, closed: ["*.b.example", "a.example"], allowInternalNetwork: true };
      expect(judgeTarget(targetOf("a.example:443"), policy)).toMatchObject({
        status: 403,
        verdict: "denied",
        reason: "closed_host",
        message:
          "a.example:443 is closed to every task of this account: a.example is among its closed hosts. A person can open it with: agency network open a.example",
      });
    },
  );
});

it.each([
  ["*.a.example", "x.a.example:443"],
  ["[2001:db8::1]:443", "[2001:db8::1]:443"],
])("the command that opens %s again can be pasted into any shell", (pattern, authority) => {
  const policy = {
    network: "internet",
    lists: new Map(),
    closed: [pattern],
    allowInternalNetwork: false,
  } as const;
  expect(judgeTarget(targetOf(authority), policy)?.message).toContain(`agency network open '${pattern}'`);
});

describe("an address that is asked for as one, while names are closed", () => {
  const judge = (authority: string, closed: string[], network: Network = "internet", internal = false) =>
    judgeTarget(targetOf(authority), { network, lists: new Map(), closed, allowInternalNetwork: internal });

  it("is refused to a task with the internet, however it is spelled, and told what to do", () => {
    for (const address of ["203.0.113.7:443", "0xcb007107:443", "[2606:4700::1111]:443"])
      expect(judge(address, ["bad.example"]), address).toMatchObject({
        status: 403,
        reason: "closed_literal",
      });
    expect(judge("203.0.113.7:8443", ["*.example"])?.message).toBe(
      "203.0.113.7:8443 cannot be reached by its address: this account closes hosts by name, and an address could be any of them. Ask for it by name, or start the task with --network allow:203.0.113.7:8443.",
    );
    expect(judge("[2606:4700::1111]:443", ["bad.example"])?.message).toMatch(/Ask for it by name\.$/);
  });

  it("is open where a closed name cannot be meant, and to a task that names it", () => {
    expect(judge("203.0.113.7:443", [])).toBeNull();
    expect(judge("203.0.113.7:443", ["203.0.113.8", "[2001:db8::1]", "[2001:db8::1]:443"])).toBeNull();
    expect(judge("203.0.113.7:443", ["bad.example:8443"])).toBeNull();
    expect(judge("203.0.113.7:443", ["bad.example"], { allow: ["203.0.113.7"] })).toBeNull();
    expect(judge("10.0.0.7:443", ["bad.example"], "internet", true)).toBeNull();
    expect(judge("good.example:443", ["bad.example"])).toBeNull();
  });
});

describe("a host as a task may name it", () => {
  it.each([
    ["Example.COM.", "example.com"],
    ["*.Bücher.example:8443", "*.xn--bcher-kva.example:8443"],
    ["OURS", "ours"],
    ["0x7f.0.0.1", "127.0.0.1"],
  ])("%s is kept as %s", (given, kept) => expect(hostPatternSchema.parse(given)).toBe(kept));

  it.each([
    "none",
    "internet",
    "allow",
    "a b",
    "1st",
    "[2001:db8::1]",
    "a.example:65536",
    "*",
    "x".repeat(32),
  ])("is not %s", (given) => expect(hostPatternSchema.safeParse(given).success).toBe(false));
});

describe("a task whose list was removed", () => {
  it("is told which one, and how it is made anew", () => {
    const network = { allow: ["ours", "theirs", "a.example"] };
    const judge = (lists: Map<string, string[]>) =>
      judgeTarget(targetOf("b.example:443"), { network, lists, closed: [], allowInternalNetwork: false });
    expect(judge(new Map([["theirs", ["c.example"]]]))).toMatchObject({
      status: 403,
      reason: "list_gone",
      message:
        'b.example:443 is not on this task\'s network list (allow: ours,theirs,a.example). The list "ours" was removed from the account since the task was made, and what it opened is closed. A person can make it anew with: agency network set ours HOST…',
    });
    expect(judge(new Map())?.message).toContain('The lists "ours","theirs" were removed');
  });
});
