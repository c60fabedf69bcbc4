import { describe, expect, it } from "vitest";
import type { ChildResult } from "../process/run-child.ts";
import { gitProblem } from "./git.ts";

const failed = (stderr: string): ChildResult => ({
  code: 128,
  ended: "exit",
  stdout: Buffer.alloc(0),
  stderr,
  truncated: false,
});

describe("why git failed", () => {
  it.each([
    [
      "error: open(\"a\"): Permission denied\nerror: unable to index file 'a'\nfatal: adding files failed\n",
      "Adding failed: error: open(\"a\"): Permission denied; error: unable to index file 'a'; fatal: adding files failed.",
    ],
    [
      "remote: No such host.\nfatal: unable to access it: 403\n",
      "Adding failed: remote: No such host. fatal: unable to access it: 403.",
    ],
    ["error: would be lost:\n\ta.txt\n\nAborting", "Adding failed: error: would be lost: a.txt; Aborting."],
    ["", "Adding failed: git ended with 128."],
  ])("is told in one line that reads well: %j", (stderr, sentence) => {
    expect(gitProblem("Adding", failed(stderr))).toBe(sentence);
  });
});
