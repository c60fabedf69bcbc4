import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { storageKeyProblem } from "./storage-key.ts";

describe("storageKeyProblem", () => {
  it.each(["a", "tasks/0193/events/1.json", "a.b_c-D/..e/...", `${"a".repeat(200)}/b`])("takes %j", (key) => {
    expect(storageKeyProblem(key)).toBeNull();
  });

  it.each([
    ["", "is empty"],
    ["a//b", "has an empty part"],
    ["/a", "has an empty part"],
    ["a/", "has an empty part"],
    ["../a", 'has the part ".."'],
    ["a/../../etc/passwd", 'has the part ".."'],
    ["a/./b", 'has the part "."'],
    ["a".repeat(201), "has a part longer than 200 characters"],
    ["a/".repeat(600), "is longer than 1024 characters"],
  ])("refuses %j: it %s", (key, problem) => {
    expect(storageKeyProblem(key)).toBe(problem);
  });

  it("lets nothing through that leaves its folder or that a path reads in another way", () => {
    const piece = fc.oneof(
      fc.constantFrom("..", ".", "/", "\\", "\0", "~", "C:", "%2e", "．．", "a", "\n", " ", "@", "+"),
      fc.string(),
    );
    fc.assert(
      fc.property(
        fc.array(piece).map((pieces) => pieces.join("")),
        (key) => {
          if (storageKeyProblem(key) !== null) return;
          expect(new URL(`http://x/${key}`).pathname).toBe(`/${key}`);
        },
      ),
    );
  });
});
