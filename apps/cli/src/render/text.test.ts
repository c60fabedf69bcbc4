import { describe, expect, it } from "vitest";
import { columns, oneLine, padEnd, plain, truncate, wrap } from "./text.ts";

describe("plain", () => {
  it.each([
    ["colours", "\u001b[31mred\u001b[0m", "red"],
    ["a title", "\u001b]0;title\u0007text", "text"],
    ["what a carriage return overwrites", "10 %\r50 %\rdone", "done"],
    ["Windows line ends", "a\r\nb", "a\nb"],
    ["line separators of Unicode", "a\u2028b", "a\nb"],
    ["direction marks", "a\u202eb\u2066c", "abc"],
    ["C1 controls", "a\u009b31mb", "ab"],
    ["tabs", "a\tb", "a    b"],
    ["nothing of ordinary text", "größer 日本 👩‍👩‍👧", "größer 日本 👩‍👩‍👧"],
  ])("takes away %s", (_, text, expected) => {
    expect(plain(text)).toBe(expected);
  });

  it("makes one line of many", () => {
    expect(oneLine("  a\n\n b\t c ")).toBe("a b c");
  });
});

describe("columns", () => {
  it.each([
    ["abc", 3],
    ["größer", 6],
    ["日本", 4],
    ["🚀", 2],
    ["👩‍👩‍👧", 2],
    ["e\u0301", 1],
    ["", 0],
  ])("%s takes %i", (text, expected) => {
    expect(columns(text)).toBe(expected);
  });
});

describe("truncate", () => {
  it.each([
    ["abcdef", 6, "abcdef"],
    ["abcdef", 5, "abcd…"],
    ["ab cdef", 4, "ab…"],
    ["日本語日本語", 6, "日本…"],
    ["abc", 1, "…"],
    ["abc", 0, ""],
  ])("%s in %i columns", (text, width, expected) => {
    expect(truncate(text, width)).toBe(expected);
    expect(columns(truncate(text, width))).toBeLessThanOrEqual(width);
  });
});

describe("wrap", () => {
  it("breaks at blanks and keeps the indentation", () => {
    expect(wrap("  one two three four", 10)).toEqual(["  one two", "  three", "  four"]);
  });

  it("leaves lines that fit as they are, inner blanks included", () => {
    expect(wrap("a  b\n\nc", 10)).toEqual(["a  b", "", "c"]);
  });

  it("cuts a word that is longer than the line", () => {
    expect(wrap("see abcdefghijklm", 5)).toEqual(["see", "abcde", "fghij", "klm"]);
  });

  it("never makes a line too wide", () => {
    for (const width of [8, 13, 21]) {
      const lines = wrap("    日本語 and some words, averyveryverylongword 🚀🚀🚀🚀🚀🚀", width);
      expect(lines.filter((line) => columns(line) > width)).toEqual([]);
    }
  });
});

it("pads by columns", () => {
  expect(padEnd("日", 4)).toBe("日  ");
});
