import { createElement } from "react";
import { renderToStaticMarkup } from "react-dom/server";
import { describe, expect, it } from "vitest";
import { AnsiText, Text } from "./text.tsx";

const ansi = (text: string) => renderToStaticMarkup(createElement(AnsiText, null, text));
const elements = (markup: string) => markup.split("<span").length - 1;

describe("what a program printed", () => {
  it("has its colours, and marks for what cannot be seen", () => {
    expect(ansi("\x1b[31mred\x1b[0m plain\x01\x01")).toBe(
      '<span class="ansi-1">red</span><span class=""> plain' +
        '<span class="odd" title="A character that cannot be seen">U+0001 ×2</span></span>',
    );
  });

  it.each([
    ["colours", "\x1b[31ma\x1b[32mb", "ab"],
    ["marks", "\x01a", "‹U+0001›a"],
    ["marks in colours", "\x1b[31m\x01\x02", "‹U+0001›‹U+0002›"],
  ])("is drawn with few elements, however many %s are in it", (_what, piece, shown) => {
    const drawn = ansi(piece.repeat(20_000));
    expect(elements(drawn)).toBeLessThan(5000);
    expect(drawn.includes(shown.repeat(2))).toBe(true);
    expect(drawn.includes("\x1b")).toBe(false);
  });
});

describe("text somebody else wrote", () => {
  it("is never markup", () => {
    expect(renderToStaticMarkup(createElement(Text, null, "<b>\u202E"))).toContain("&lt;b&gt;<span");
  });
});
