import { describe, expect, it } from "vitest";
import type { SupervisedTask, TaskSpec } from "@agency/core";
import { moverRights, sandboxRights } from "./git-rights.ts";

const URL = "https://github.com/octo/hello";
const repository = { url: URL, branch: "fix", pushBranch: "dev" };

function taskOf(spec: Partial<TaskSpec>, desired: "run" | "cancel" = "run"): SupervisedTask {
  const all = { repository, repositories: [], deliver: "branch", pullRequest: null, ...spec };
  return { id: "t", name: "Fix", spec: all, snapshot: { desired } } as unknown as SupervisedTask;
}

describe("what a sandbox may do with git", () => {
  it.each<[string, Partial<TaskSpec>]>([
    ["a review", { deliver: "none", pullRequest: 7, review: { post: true } }],
    ["a task that hands back nothing", { deliver: "none" }],
    ["a task that hands back files", { deliver: "files" }],
    ["a task that hands back files of a pull request", { deliver: "files", pullRequest: 7 }],
  ])("is reading only for %s, with the credential all the same", (_, spec) => {
    const rights = sandboxRights(taskOf({ ...spec, repositories: ["https://github.com/octo/lib"] }), []);
    expect(rights).toMatchObject({ repository: null, repositories: [URL, "https://github.com/octo/lib"] });
    expect(moverRights(taskOf(spec), [])).toBeNull();
  });

  it("is pushing where a branch is handed back, but not to a pull request's", () => {
    expect(sandboxRights(taskOf({}), ["h"])).toEqual({
      repository,
      repositories: [],
      allowInternalHosts: ["h"],
      isStopped: false,
    });
    const work = taskOf({ pullRequest: 7 }, "cancel");
    expect(sandboxRights(work, [])).toMatchObject({ repository: { url: URL }, isStopped: true });
    expect(sandboxRights(work, []).repository).not.toHaveProperty("pushBranch");
    expect(moverRights(work, ["h"])).toEqual({
      repository: { url: URL, pushBranch: "fix" },
      repositories: [],
      allowInternalHosts: ["h"],
    });
  });

  it("is none without a repository, and nothing is moved without a pull request", () => {
    expect(sandboxRights(taskOf({ repository: null }), []).repository).toBeNull();
    expect(moverRights(taskOf({}), [])).toBeNull();
  });
});
