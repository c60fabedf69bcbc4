import { describe, expect, it } from "vitest";
import { isHeard } from "./keys.ts";

const FREE = { typing: false, inDialog: false, singleKeys: true };

describe("a key", () => {
  it.each(["j", "?", "1", "g", "Escape", "mod+k"])("such as %s is heard on a page at rest", (name) => {
    expect(isHeard(name, FREE)).toBe(true);
  });

  it.each([
    ["while somebody types", { ...FREE, typing: true }],
    ["behind a dialog", { ...FREE, inDialog: true }],
    ["once single keys are turned off", { ...FREE, singleKeys: false }],
  ])("of a single character is not heard %s, a combination is", (_, page) => {
    expect(["j", "?", "1", "g"].filter((name) => isHeard(name, page))).toEqual([]);
    expect(isHeard("mod+k", page)).toBe(true);
  });

  it("with a name of its own works without the single ones", () => {
    expect(isHeard("Escape", { ...FREE, singleKeys: false })).toBe(true);
  });
});
