import { describe, expect, it } from "vitest";
import { diffOfHunks, diffOfNewFile } from "./unified-diff.ts";

describe("unified diffs", () => {
  it("are of every line for a new file", () => {
    expect(diffOfNewFile("a/b.txt", "one\ntwo\n")).toEqual({
      diff: "--- /dev/null\n+++ b/a/b.txt\n@@ -0,0 +1,2 @@\n+one\n+two\n",
      added: 2,
      removed: 0,
    });
  });

  it("tell that the last line of a new file has no newline, and that an empty file has no line", () => {
    expect(diffOfNewFile("x", "one").diff).toContain("+one\n\\ No newline at end of file\n");
    expect(diffOfNewFile("x", "")).toEqual({ diff: "--- /dev/null\n+++ b/x\n", added: 0, removed: 0 });
  });

  it("count what was added and removed, whatever the lines look like", () => {
    const hunk = {
      oldStart: 3,
      oldLines: 2,
      newStart: 3,
      newLines: 3,
      lines: [" same", "--- old", "+++ new", "+more"],
    };
    const { diff, added, removed } = diffOfHunks("x", [hunk]);
    expect(diff).toBe("--- a/x\n+++ b/x\n@@ -3,2 +3,3 @@\n same\n--- old\n+++ new\n+more\n");
    expect([added, removed]).toEqual([2, 1]);
  });

  it("are cut at a whole line, and count all lines all the same", () => {
    const { diff, added } = diffOfNewFile("x", "0123456789\n".repeat(10_000));
    expect(added).toBe(10_000);
    expect(Buffer.byteLength(diff)).toBeLessThan(33 * 1024);
    expect(diff).toMatch(/\n\+0123456789\n\\ \d+ more lines are not shown\n$/u);
  });
});
