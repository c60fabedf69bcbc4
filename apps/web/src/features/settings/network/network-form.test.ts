import type { Network } from "@agency/contract";
import { describe, expect, it } from "vitest";
import { changeProblem, closingOf, hostsIn, listProblems, reachOf, defaultOf } from "./network-form.ts";

describe("hosts as people write them", () => {
  it("stand one a line, or with commas or spaces between them, each once", () => {
    expect(hostsIn(" a.example,b.example\n\n*.c.example  a.example\t")).toEqual([
      "a.example",
      "b.example",
      "*.c.example",
    ]);
    expect(hostsIn(" \n")).toEqual([]);
  });

  it("are told from each other when one of them is wrong", () => {
    expect(listProblems({ name: "ours", hosts: "a.example\nlocalhost" }, [])).toEqual({
      hosts: expect.stringMatching(/^localhost: must be a host such as example.com/),
    });
    expect(listProblems({ name: "Dev", hosts: "" }, [])).toEqual({
      name: expect.stringContaining("small letters"),
    });
    expect(listProblems({ name: "ours", hosts: "a.example dev *.b.example:8443" }, [])).toEqual({});
    expect(listProblems({ name: "", hosts: "" }, [])).toEqual({});
    expect(changeProblem({ close: ["a.example", "-b"] })).toMatch(/^-b: must be a host/);
    expect(changeProblem({ close: ["[2001:db8::1]"], open: [] })).toBeUndefined();
  });
});

describe("a new list", () => {
  it("does not take the name of another one, which it would replace", () => {
    const typed = { name: "ours", hosts: "a.example" };
    expect(listProblems(typed, ["dev", "ours"])).toEqual({
      name: expect.stringContaining("there is a list ours already"),
    });
    expect(listProblems(typed, ["theirs"])).toEqual({});
  });
});

describe("what new runs may reach", () => {
  it("is read back as it was set", () => {
    const networks: (Network | null)[] = [null, "none", "internet", { allow: ["dev", "ours"] }];
    for (const network of networks) {
      const { reach, hosts } = reachOf(network);
      expect(defaultOf(reach, hosts)).toEqual(network);
    }
  });

  it("names at least one host", () => {
    expect(changeProblem({ default: defaultOf("hosts", " ") })).toBe("name at least one host or list");
    expect(changeProblem({ default: defaultOf("hosts", "dev, ours") })).toBeUndefined();
  });
});

describe("closed hosts", () => {
  it("are changed by what was changed in the text", () => {
    expect(closingOf(["a.example", "b.example"], "b.example\nc.example")).toEqual({
      close: ["c.example"],
      open: ["a.example"],
    });
  });

  it("are the same however they are written", () => {
    const before = ["pastebin.com", "*.example.org:8443"];
    expect(closingOf(before, "Pastebin.com\n*.EXAMPLE.org.:8443")).toEqual({ close: [], open: [] });
    expect(closingOf(before, "pastebin.com\nB.example\nb.example.\nlocal host")).toEqual({
      close: ["b.example", "local", "host"],
      open: ["*.example.org:8443"],
    });
  });
});
