import { describe, expect, it } from "vitest";
import { parseDiff, splitPatch } from "./diff.ts";

const DIFF = `--- a/x.js
+++ b/x.js
@@ -3,3 +3,4 @@ function main
 keep
-old
+new
+-- more
 keep`;

describe("a diff", () => {
  it("numbers the lines of both sides", () => {
    expect(parseDiff(DIFF).filter((line) => line.kind !== "meta")).toEqual([
      { kind: "hunk", text: "function main", old: 3, new: 3 },
      { kind: "context", text: "keep", old: 3, new: 3 },
      { kind: "removed", text: "old", old: 4, new: null },
      { kind: "added", text: "new", old: null, new: 4 },
      { kind: "added", text: "-- more", old: null, new: 5 },
      { kind: "context", text: "keep", old: 5, new: 6 },
    ]);
  });

  it("does not take a removed line for a header once inside a hunk", () => {
    const [, removed] = parseDiff("@@ -1 +1 @@\n--- not a header\n+x");
    expect(removed).toMatchObject({ kind: "removed", text: "-- not a header" });
  });

  it("shows what is no diff as it is", () => {
    expect(parseDiff(" <script>alert(1)</script>")).toMatchObject([{ kind: "context" }]);
  });

  it("cuts a patch into files", () => {
    const patch = `diff --git a/x.js b/x.js\nindex 1..2\n${DIFF}\ndiff --git a/gone b/gone\ndeleted file mode 100644\n--- a/gone\n+++ /dev/null\n@@ -1 +0,0 @@\n-x\ndiff --git a/p.png b/p.png\nBinary files differ\n`;
    expect(splitPatch(patch).map(({ path, added, removed }) => [path, added, removed])).toEqual([
      ["x.js", 2, 1],
      ["gone", 0, 1],
      ["p.png", 0, 0],
    ]);
  });
});
