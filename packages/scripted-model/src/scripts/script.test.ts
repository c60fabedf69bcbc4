import { describe, expect, it } from "vitest";
import { when } from "./script.ts";

describe("when", () => {
  it("answers only texts that match, with what the match found", () => {
    const reaction = when(/write (\S+)/, (match) => ({ say: `writing ${match[1]}` }));
    expect(reaction("please write a.md")).toEqual({ say: "writing a.md" });
    expect(reaction("please stop")).toBeUndefined();
  });

  it("gives the same answer each time, also for a pattern that remembers its last match", () => {
    const reaction = when(/stop/g, { ends: true });
    expect([reaction("stop"), reaction("stop")]).toEqual([{ ends: true }, { ends: true }]);
  });
});
