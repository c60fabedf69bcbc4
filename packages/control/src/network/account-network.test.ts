import { changeNetworkSchema, setNetworkListSchema } from "@agency/contract";
import type { ChangeNetworkInput } from "@agency/contract";
import type { AuditRow, NetworkSettings } from "@agency/core";
import { describe, expect, it } from "vitest";
import { accountNetwork, changeNetwork, removeNetworkList, setNetworkList } from "./account-network.ts";

function setUp() {
  let settings: NetworkSettings = { lists: new Map(), closed: [], defaultNetwork: null };
  const audited: Pick<AuditRow, "action" | "target" | "detail" | "actor">[] = [];
  const deps = {
    networks: {
      read: async () => settings,
      async change(
        _: string,
        decide: (now: NetworkSettings) => { settings: NetworkSettings; audit: AuditRow | null },
      ) {
        const changed = decide(settings);
        ({ settings } = changed);
        if (changed.audit !== null) {
          const { action, target, detail, actor } = changed.audit;
          audited.push({ action, target, detail, actor });
        }
        return settings;
      },
    },
    now: () => 0,
  };
  return {
    audited,
    show: () => accountNetwork(deps, "anna"),
    change: (input: ChangeNetworkInput) =>
      changeNetwork(deps, "anna", changeNetworkSchema.parse(input), "key 1"),
    set: (name: string, hosts: string[]) =>
      setNetworkList(deps, "anna", name, setNetworkListSchema.parse({ hosts }), "key 1"),
    remove: (name: string) => removeNetworkList(deps, "anna", name, "key 1"),
  };
}

describe("the network lists of an account", () => {
  it("are kept by name, as connections spell hosts, each change with what changed", async () => {
    const { set, show, audited } = setUp();
    await set("ours", ["B.example.", "a.example", "a.example", "bücher.example"]);
    await set("company", ["*.corp.example:8443", "dev"]);
    await set("ours", ["a.example", "c.example"]);
    await set("ours", ["a.example", "c.example"]);
    expect((await show()).lists).toEqual([
      { name: "company", hosts: ["*.corp.example:8443", "dev"] },
      { name: "ours", hosts: ["a.example", "c.example"] },
    ]);
    const by = { actor: "key 1", action: "network.list_set" };
    expect(audited).toEqual([
      { ...by, target: "ours", detail: { added: "b.example,a.example,xn--bcher-kva.example" } },
      { ...by, target: "company", detail: { added: "*.corp.example:8443,dev" } },
      { ...by, target: "ours", detail: { added: "c.example", removed: "b.example,xn--bcher-kva.example" } },
    ]);
  });

  it("are fifty at most, of which any may still be changed", async () => {
    const { set } = setUp();
    for (let at = 0; at < 50; at += 1) await set(`list-${at}`, ["a.example"]);
    await expect(set("one-more", ["a.example"])).rejects.toMatchObject({ code: "conflict" });
    await expect(set("list-7", ["b.example"])).resolves.toBeDefined();
  });

  it("can be removed, but not while one is what new tasks get", async () => {
    const { set, remove, change, audited } = setUp();
    await set("ours", ["a.example"]);
    await change({ default: { allow: ["ours"] } });
    await expect(remove("ours")).rejects.toMatchObject({
      code: "conflict",
      next: expect.stringContaining("agency network default"),
    });
    await change({ default: null });
    await remove("ours");
    expect(audited.at(-1)).toMatchObject({ action: "network.list_remove", detail: { removed: "a.example" } });
    await expect(remove("ours")).rejects.toMatchObject({ code: "not_found" });
    await expect(remove("constructor")).rejects.toMatchObject({ code: "not_found" });
  });
});

describe("what an account closes and what its tasks get", () => {
  it("changes by what is named, and is told as what changed", async () => {
    const { change, show, audited } = setUp();
    await change({ close: ["Bad.example.", "*.worse.example", "[2001:DB8:0::1]:443"] });
    await change({ close: ["bad.example"], open: ["*.worse.example"] });
    await change({ close: ["bad.example"] });
    await change({ default: { allow: ["dev"] } });
    expect(await show()).toMatchObject({
      never: ["[2001:db8::1]:443", "bad.example"],
      default: { allow: ["dev"] },
    });
    expect(audited.map(({ action, detail }) => [action, detail])).toEqual([
      ["network.set", { closed: "*.worse.example,[2001:db8::1]:443,bad.example" }],
      ["network.set", { opened: "*.worse.example" }],
      ["network.set", { default: "allow:dev" }],
    ]);
  });

  it("is refused when it says two things at once, or names a list that is not there", async () => {
    const { change, audited } = setUp();
    await expect(change({ close: ["a.example"], open: ["a.example"] })).rejects.toMatchObject({
      code: "invalid_request",
    });
    await expect(change({ default: { allow: ["ours"] } })).rejects.toMatchObject({
      code: "invalid_request",
      errors: [{ path: "default" }],
    });
    expect(audited).toEqual([]);
  });

  it("opens only what is closed, and says what closes it else", async () => {
    const { change, show, audited } = setUp();
    await change({ close: ["*.bad.example", "x.bad.example:8443", "other.example"] });
    await expect(change({ open: ["other.example", "x.bad.example"] })).rejects.toMatchObject({
      code: "not_found",
      message: "x.bad.example is not among the closed hosts.",
      next: "It is closed by *.bad.example, x.bad.example:8443: open that, and close again what shall stay closed.",
    });
    await expect(change({ open: ["bad.example"] })).rejects.toMatchObject({
      code: "not_found",
      next: "`agency network` shows what is closed.",
    });
    expect((await show()).never).toHaveLength(3);
    expect(audited).toHaveLength(1);
  });

  it("closes no list under its name", async () => {
    const { change, set } = setUp();
    await change({ close: ["gitlab"] });
    await set("gitlab", ["a.example"]);
    await set("ours", ["a.example"]);
    for (const name of ["dev", "ours"])
      await expect(change({ close: [name] })).rejects.toMatchObject({ code: "invalid_request" });
    await change({ close: ["gitlab", "*.dev"] });
    expect((await change({ open: ["gitlab"] })).never).toEqual(["*.dev"]);
  });

  it("closes two hundred hosts at most, and lets go of some of them however many there are", async () => {
    const { change } = setUp();
    const hosts = (from: number, count: number) =>
      Array.from({ length: count }, (_, at) => `h${from + at}.example`);
    await change({ close: hosts(0, 200) });
    await expect(change({ close: ["one.more.example"] })).rejects.toMatchObject({ code: "conflict" });
    expect((await change({ open: hosts(0, 150), close: ["one.more.example"] })).never).toHaveLength(51);
  });
});
