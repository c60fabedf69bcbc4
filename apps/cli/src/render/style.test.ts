import { describe, expect, it } from "vitest";
import { createStyle, wantsColor } from "./style.ts";

describe("colours", () => {
  it.each([
    [{}, true, true],
    [{}, false, false],
    [{ NO_COLOR: "1" }, true, false],
    [{ NO_COLOR: "" }, true, true],
    [{ NO_COLOR: "1", FORCE_COLOR: "1" }, true, false],
    [{ FORCE_COLOR: "1" }, false, true],
    [{ FORCE_COLOR: "0" }, true, false],
    [{ CLICOLOR_FORCE: "1" }, false, true],
  ])("with %o and terminal %s: %s", (env, terminal, expected) => {
    expect(wantsColor(env, terminal)).toBe(expected);
  });

  it("are added or not, whatever the environment of this process says", () => {
    expect(createStyle(true).red("x")).toBe("\u001b[31mx\u001b[39m");
    expect(createStyle(false).red("x")).toBe("x");
    expect(createStyle(true).red("")).toBe("");
  });
});
