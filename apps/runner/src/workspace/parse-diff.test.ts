import { describe, expect, it } from "vitest";
import { parseDiff, parsePatch } from "./parse-diff.ts";

describe("git's list of changes", () => {
  it("gives each file what happened to it and how much", () => {
    const raw =
      ":100644 000000 a 0 D|b|:000000 100644 0 b A|bin|:100644 100644 c c R100|a|dir/c d|:100755 100755 d e M|new\nline|";
    const counts = "0\t1\tb|-\t-\tbin|0\t0\t|a|dir/c d|12\t3\tnew\nline|";
    expect(parseDiff((raw + counts).replaceAll("|", "\0"))).toEqual([
      { path: "b", op: "delete", added: 0, removed: 1 },
      { path: "bin", op: "create", added: null, removed: null },
      { path: "dir/c d", op: "rename", added: 0, removed: 0 },
      { path: "new\nline", op: "modify", added: 12, removed: 3 },
    ]);
  });

  it("may be empty", () => {
    expect(parseDiff("")).toEqual([]);
    expect(parsePatch("")).toEqual([]);
  });

  it("comes with one section of the patch a file", () => {
    const patch =
      "diff --git a/x b/x\n@@\n-diff --git not a header\ndiff --git a/y b/y\nBinary files differ\n";
    expect(parsePatch(patch)).toHaveLength(2);
    expect(parsePatch(patch).join("")).toBe(patch);
  });
});
