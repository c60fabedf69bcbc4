import { describe, expect, it } from "vitest";
import { parseAnsi, stripAnsi } from "./ansi.ts";

describe("terminal text", () => {
  it("keeps colours and weights as styles", () => {
    const [red, plain, bright] = parseAnsi("\x1b[1;31mred\x1b[0m plain \x1b[92mgreen");
    expect(red).toMatchObject({ text: "red", colour: 1, bold: true });
    expect(plain).toMatchObject({ text: " plain ", colour: null, bold: false });
    expect(bright).toMatchObject({ text: "green", colour: 10 });
  });

  it("reads past the numbers of a true colour", () => {
    expect(parseAnsi("\x1b[38;2;1;31;4mx\x1b[38;5;9my")).toMatchObject([
      { text: "x", colour: null, underline: false },
      { text: "y", colour: 9 },
    ]);
  });

  it.each([
    ["a link (OSC 8)", "\x1b]8;;http://evil.example/\x1b\\click\x1b]8;;\x1b\\"],
    ["a link ended by a bell", "\x1b]8;;javascript:alert(1)\x07click\x1b]8;;\x07"],
    ["a window title", "\x1b]0;owned\x07click"],
    ["the clipboard (OSC 52)", "\x1b]52;c;ZXZpbA==\x07click"],
    ["a screen clear", "\x1b[2J\x1b[Hclick"],
    ["a device string", "\x1bP1$r\x1b\\click"],
    ["a one-byte introducer", "\x9b2Jclick"],
    ["a title that never ends", "click\x1b]0;aaaa"],
  ])("drops %s and shows only the text", (_, text) => {
    expect(stripAnsi(text)).toBe("click");
  });

  it("takes a hostile megabyte in linear time", () => {
    expect(stripAnsi("\x1b[".repeat(100_000))).toBe("");
    expect(stripAnsi("\x1b]".repeat(100_000))).toBe("");
  });
});
