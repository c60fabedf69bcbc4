import { describe, expect, it } from "vitest";
import { parseDiff } from "../../../lib/diff.ts";
import { instructionOf, spotOf, withComment } from "./comments.ts";
import type { LineComment } from "./comments.ts";

const one: LineComment = {
  path: "src/a.ts",
  side: "new",
  line: 3,
  code: "  let x = 1;",
  text: "Say what x is.",
};

describe("comments on changed lines", () => {
  it("stand at a line of the new file, or of the old one where it is gone", () => {
    const lines = parseDiff("@@ -3,2 +3,2 @@\n-let x;\n+let x = 1;\n rest\n");
    expect(lines.map((line) => spotOf("a", line))).toEqual([
      null,
      { path: "a", side: "old", line: 3 },
      { path: "a", side: "new", line: 3 },
      { path: "a", side: "new", line: 4 },
    ]);
  });

  it("are one a line, and none when there is nothing in it", () => {
    const changed = withComment([one], { ...one, text: " Another name. " });
    expect(changed).toEqual([{ ...one, text: "Another name." }]);
    expect(withComment(changed, { ...one, side: "old", text: "Why?" })).toHaveLength(2);
    expect(withComment(changed, { ...one, text: "  " })).toEqual([]);
  });

  it("reach the agent with the place, the line and the words, file by file", () => {
    const gone: LineComment = { path: "src/a.ts", side: "old", line: 1, code: "", text: "Keep it." };
    const later: LineComment = { ...one, path: "src/b.ts", line: 1 };
    expect(instructionOf([later, one, gone])).toBe(
      [
        "Go on with these comments on your changes.",
        "src/a.ts, line 1 before your change:\nKeep it.",
        "src/a.ts, line 3:\n    let x = 1;\nSay what x is.",
        "src/b.ts, line 1:\n    let x = 1;\nSay what x is.",
      ].join("\n\n"),
    );
  });
});
