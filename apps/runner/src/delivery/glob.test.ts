import { describe, expect, it } from "vitest";
import { compileGlob } from "./glob.ts";

describe("a pattern of files", () => {
  it.each([
    ["dist/**", "dist/a.js", true],
    ["dist/**", "dist/deep/er/a.js", true],
    ["dist/**", "other/a.js", false],
    ["dist/*", "dist/deep/a.js", false],
    ["dist", "dist/deep/a.js", true],
    ["dist/", "dist/a.js", true],
    ["./dist/*.js", "dist/a.js", true],
    ["/dist/*.js", "dist/a.js", true],
    ["**/*.log", "a.log", true],
    ["**/*.log", "x/y/a.log", true],
    ["*.log", "x/a.log", false],
    ["*", "folder/file", false],
    ["a?c", "abc", true],
    ["a?c", "ac", false],
    ["a/**/b/**/c", "a/x/b/y/z/c", true],
    ["a/**/b", "a/b", true],
    ["[ab].txt", "[ab].txt", true],
    ["[ab].txt", "a.txt", false],
    ["a*b*c", "a12b34c", true],
    ["a*b*c", "a12b34d", false],
    ["", "a", false],
  ])("%j on %j: %s", (pattern, path, expected) => {
    expect(compileGlob(pattern).matches(path)).toBe(expected);
  });

  it("knows where nothing can match", () => {
    const { mayMatchIn } = compileGlob("packages/*/dist/**");
    expect(["packages", "packages/a", "packages/a/dist", "packages/a/dist/x"].map(mayMatchIn)).toEqual(
      Array(4).fill(true),
    );
    expect(["node_modules", "packages/a/src"].map(mayMatchIn)).toEqual([false, false]);
    expect(compileGlob("dist").mayMatchIn("dist/deep")).toBe(true);
  });

  it("of the worst kind takes no time", () => {
    const worst = `${"*a".repeat(200)}b`;
    expect(compileGlob(worst).matches("a".repeat(4000))).toBe(false);
    expect(compileGlob(`${"**/".repeat(150)}x`).matches(`${"a/".repeat(1000)}y`)).toBe(false);
  });
});
