import { describe, expect, it } from "vitest";
import { runsOf, visible } from "./odd-characters.ts";

describe("characters that lie", () => {
  it.each([
    ["a\u202Eb", "a‹U+202E›b"],
    ["pay\u200Bpal", "pay‹U+200B›pal"],
    ["\u2066x\u2069", "‹U+2066›x‹U+2069›"],
    ["bell\x07", "bell‹U+0007›"],
    ["esc\x1b[31m", "esc‹U+001B›[31m"],
    ["tag\u{E0041}", "tag‹U+E0041›"],
    ["half\uD800", "half‹U+D800›"],
    ["\uFEFFbom", "‹U+FEFF›bom"],
    ["c\r\nd", "c‹U+000D›\nd"],
    ["a\u200D", "a‹U+200D›"],
    ["a\u200D\u200Db", "a‹U+200D ×2›b"],
    ["\x01\x01\x02", "‹U+0001 ×2›‹U+0002›"],
    ["\u{E0041}\u{E0041}\u{E0041}", "‹U+E0041 ×3›"],
  ])("are shown by name: %j", (text, shown) => {
    expect(visible(text)).toBe(shown);
  });

  it("leaves honest text alone, emoji and other scripts included", () => {
    const honest = "tab\tnewline\n👩‍💻 👍🏽 نص عربي עברית می‌خواهم naïve";
    expect(runsOf(honest)).toEqual([{ kind: "plain", text: honest }]);
  });

  it("takes a megabyte of them without trouble, and leaves none unseen", () => {
    expect(runsOf("\u202E".repeat(1_000_000))).toEqual([{ kind: "odd", name: "U+202E ×1000000" }]);
    expect(runsOf("x".repeat(1_000_000))).toHaveLength(1);
    const hostile = "\x01a\x02".repeat(30_000);
    const runs = runsOf(hostile);
    expect(runs.length).toBeLessThan(5000);
    const shown = runs.map((run) => (run.kind === "plain" ? run.text : `‹${run.name}›`)).join("");
    expect(shown === "‹U+0001›a‹U+0002›".repeat(30_000)).toBe(true);
    expect(visible(hostile) === shown).toBe(true);
  });
});
