import { describe, expect, it } from "vitest";
import { capText, characterEnd, oneLine } from "./cap-text.ts";

describe("capText", () => {
  it.each([
    ["abc", 3, "abc", false],
    ["abcd", 3, "abc", true],
    ["aé", 2, "a", true],
    ["aéb", 3, "aé", true],
    ["😀😀", 7, "😀", true],
    ["", 0, "", false],
  ])("keeps of %j in %i bytes: %j", (text, max, kept, truncated) => {
    expect(capText(text, max)).toEqual({ text: kept, bytes: Buffer.byteLength(text), truncated });
  });
});

describe("characterEnd", () => {
  it("cuts anywhere in bytes that are no text", () => {
    expect(characterEnd(Buffer.alloc(100, 0x80), 50)).toBe(50);
  });
});

describe("oneLine", () => {
  it("takes the first line, and cuts it between characters", () => {
    expect(oneLine("  first\nsecond")).toBe("first");
    expect(oneLine(`${"x".repeat(8)}😀😀`, 10)).toBe(`${"x".repeat(8)}…`);
  });
});
