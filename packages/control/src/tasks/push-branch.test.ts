import { describe, expect, it } from "vitest";
import { sampleTask, SPEC } from "../testing/sample-task.ts";
import { ontoBranchOf, pushBranchOf } from "./push-branch.ts";

const repository = { url: "https://github.com/a/b", branch: "main", pushBranch: "fix" };
const branchOf = (name: string, more: Partial<typeof SPEC> = {}) =>
  pushBranchOf(sampleTask({ id: "t", name, spec: { ...SPEC, repository, deliver: "branch", ...more } }));
const ontoOf = (more: Partial<typeof SPEC>) =>
  ontoBranchOf(sampleTask({ spec: { ...SPEC, repository, deliver: "branch", ...more } }));

describe("the branch work is pushed to", () => {
  it.each([
    ["Add a test", "add-a-test"],
    ["  --Fix: #12 (ÄÖ) & more…", "fix-12-ao-more"],
    ["修复错误", "work"],
    ["../../etc/passwd.lock", "etc-passwd-lock"],
    ["$(rm -rf /)\u202e`x`", "rm-rf-x"],
    ["x".repeat(200), "x".repeat(40)],
    [`${"x".repeat(39)} yy`, "x".repeat(39)],
  ])("is the task's own, after its name: %s", (name, slug) => {
    expect(branchOf(name)).toBe(`agency/t/${slug}`);
  });

  it("is no pull request's: that one is moved from outside", () => {
    expect(branchOf("x", { pullRequest: 7 })).toBe("agency/t/x");
    expect(ontoOf({ pullRequest: 7 })).toBe("main");
    expect(ontoOf({})).toBeNull();
    expect(ontoOf({ pullRequest: 7, deliver: "files" })).toBeNull();
  });

  it("is none where nothing is pushed", () => {
    expect(branchOf("x", { deliver: "files" })).toBeNull();
    expect(branchOf("x", { deliver: "none", pullRequest: 7 })).toBeNull();
    expect(branchOf("x", { repository: null })).toBeNull();
  });
});
