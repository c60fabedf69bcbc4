import { describe, expect, it } from "vitest";
import { withTyped } from "./typed-lists.ts";

describe("what was typed of several lists", () => {
  it("stays with each of them until that one is saved, removed or left", () => {
    const ours = { name: "ours", hosts: "a.example" };
    const made = { name: "theirs", hosts: "b.example" };
    const both = withTyped(withTyped(new Map(), "ours", ours), "", made);
    expect(both.get("ours")).toBe(ours);
    const left = withTyped(both, "", null);
    expect([...left]).toEqual([["ours", ours]]);
    expect(both.get("")).toBe(made);
  });
});
