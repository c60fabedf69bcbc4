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
    ["a screen clear", "\x1b[2J\x1b[Hclick"],
    ["a one-byte introducer", "\x9b2Jclick"],
  ])("drops %s and shows only the text", (_, text) => {
    expect(stripAnsi(text)).toBe("click");
  });

  it.each([
    ["a window title", "a\x1b]0;owned\x07b"],
    ["the clipboard (OSC 52)", "a\x1b]52;c;ZXZpbA==\x07b"],
    ["a device string", "a\x1bP1$r\x1b\\b"],
    ["a link to something that is no address", "a\x1b]8;;rm -rf /\x07b"],
    ["a one-byte string", "a\x9d0;owned\x9cb"],
  ])("leaves a mark where %s was", (_, text) => {
    expect(stripAnsi(text)).toBe("a␛b");
    expect(parseAnsi(text).map((part) => part.text)).toEqual(["a␛", "b"]);
  });

  it.each(["\x1b]", "\x1bP", "\x1bX", "\x1b^", "\x1b_", "\x9d", "\x90", "\x98", "\x9e", "\x9f"])(
    "hides nothing behind the string %j that does not end on its line",
    (opening) => {
      expect(stripAnsi(`ls ${opening}0;\nrm -rf /\x07\nend`)).toBe("ls ␛0;\nrm -rf /\x07\nend");
      expect(stripAnsi(`ls ${opening}; rm -rf /`)).toBe("ls ␛; rm -rf /");
      expect(parseAnsi(`ls ${opening}; rm\n-rf /`).map((part) => part.text)).toEqual(["ls ␛", "; rm\n-rf /"]);
    },
  );

  it.each(["\x1b[30;40m", "\x1b[31;101m", "\x1b[38;5;4;48;5;4m"])(
    "does not paint text in its own background (%j)",
    (colours) => {
      expect(parseAnsi(`${colours}hidden`)).toMatchObject([
        { text: "hidden", colour: null, background: null },
      ]);
    },
  );

  it("takes a hostile megabyte in linear time", () => {
    expect(stripAnsi("\x1b[".repeat(100_000))).toBe("");
    expect(stripAnsi("\x1b]".repeat(100_000))).toBe("␛".repeat(100_000));
    expect(stripAnsi("\x9d".repeat(100_000))).toBe("␛".repeat(100_000));
  });
});
