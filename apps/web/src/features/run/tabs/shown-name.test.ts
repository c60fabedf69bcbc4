import { describe, expect, it } from "vitest";
import { nameRuns, shownName } from "./shown-name.ts";

describe("the name of a file", () => {
  it.each([
    ["src/a.ts", "src/a.ts"],
    ["two  spaces", "two  spaces"],
    ["a\nb", "a‹U+000A›b"],
    ["\ta\n\n", "‹U+0009›a‹U+000A›‹U+000A›"],
    ["cod\u202Egpj.exe", "cod‹U+202E›gpj.exe"],
    ["pay\u200Bpal\n", "pay‹U+200B›pal‹U+000A›"],
    ["", ""],
  ])("hides nothing that sets it apart from another: %j", (name, shown) => {
    expect(shownName(name)).toBe(shown);
  });

  it("stays one stretch of text when there is nothing odd in it", () => {
    expect(nameRuns("constructor")).toEqual([{ kind: "plain", text: "constructor" }]);
  });
});
