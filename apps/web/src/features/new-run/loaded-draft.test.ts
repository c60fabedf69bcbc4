import { createTaskSchema } from "@agency/contract";
import type { Task } from "@agency/contract";
import { describe, expect, it } from "vitest";
import { baseFor, carriedBy } from "./base.ts";
import { taskOf } from "./draft.ts";
import { goingOn, staysOf } from "./going-on.ts";
import { leftBehind } from "./left-behind.ts";
import { beginningFrom, draftFrom, draftOf } from "./loaded-draft.ts";

const ID = "0199f3a2-0000-7000-8000-000000000001";

describe("a template in the form", () => {
  const task = {
    prompt: "Bump the dependencies",
    engine: "codex",
    repository: { url: "https://github.com/o/r", branch: "main", pushBranch: "next" },
    limits: { costUsd: 3, silenceMs: 60_000 },
    approve: "commands",
    deliver: "pr",
    questions: false,
    commandPolicy: { allow: [], deny: ["git push *"] },
    env: { TZ: "UTC" },
  };

  it("is sent, and saved again, with all it says", () => {
    const sent = taskOf(draftFrom({ task }));
    expect(sent).toMatchObject(task);
    expect(createTaskSchema.safeParse(sent).success).toBe(true);
  });

  it("names what has no field, and takes a branch to push to no other repository", () => {
    const draft = draftFrom({ task });
    expect(carriedBy(draft.base)).toEqual([
      "commandPolicy",
      "env",
      "limits.silenceMs",
      "repository.pushBranch",
    ]);
    expect(taskOf({ ...draft, repository: "https://github.com/o/other" }).repository).toEqual({
      url: "https://github.com/o/other",
      branch: "main",
    });
  });

  it("takes its pull request to no other repository, and says so", () => {
    const draft = draftFrom({
      task: { ...task, repository: { url: "https://github.com/o/r" }, pullRequest: 7 },
    });
    expect(taskOf(draft).pullRequest).toBe(7);
    expect(taskOf({ ...draft, repository: " https://github.com/o/r " }).pullRequest).toBe(7);
    for (const repository of ["https://github.com/o/other", ""]) {
      expect(taskOf({ ...draft, repository })).not.toHaveProperty("pullRequest");
      expect(carriedBy(baseFor(repository, draft.base))).not.toContain("pullRequest");
    }
  });

  it("never asks for fewer approvals than it said", () => {
    expect(draftFrom({ task: { approve: "all" } }).approve).toBe("all");
    expect(draftFrom({ task: { approve: "writes" } }).approve).toBe("all");
    expect(draftFrom({ task: {} }).approve).toBe("none");
  });
});

const source = {
  id: ID,
  prompt: "Write a sum",
  engine: "claude",
  model: null,
  provider: "local",
  repository: { url: "https://github.com/o/r" },
  limits: {
    wallMs: 1_234_567,
    silenceMs: 60_000,
    turns: 50,
    costUsd: 2,
    outputBytes: 1e6,
    eventsPerSecond: 50,
  },
  repositories: ["https://github.com/o/lib"],
  network: "internet",
  approve: "all",
  onBudget: "stop",
  onUsageLimit: "wait",
  project: "shop",
  deliver: "branch",
  checks: ["npm test"],
  keepMs: null,
  demo: false,
  labels: { team: "web" },
  priority: 5,
} as unknown as Task;

describe("a run that begins as another one", () => {
  it("says all that can be read back, and leaves out what cannot", () => {
    const { repositories, onBudget, onUsageLimit, project, limits, labels, priority, approve } = source;
    const sent = taskOf(draftOf(source));
    expect(sent).toMatchObject({
      repositories,
      onBudget,
      onUsageLimit,
      project,
      limits,
      labels,
      priority,
      approve,
    });
    expect(sent).not.toHaveProperty("questions");
    expect(sent).not.toHaveProperty("keep");
  });

  it("says its command policy, questions, commits and artifacts too", () => {
    const told: Partial<Task> = {
      commandPolicy: { allow: ["npm *"], deny: ["git push *"] },
      questions: false,
      commits: "keep",
      artifacts: ["dist/**"],
    };
    const draft = draftOf({ ...source, ...told });
    expect(taskOf(draft)).toMatchObject(told);
    expect(carriedBy(draft.base)).toEqual(expect.arrayContaining(["commandPolicy", "commits", "artifacts"]));
    expect(draft.questions).toBe(false);
  });

  it("carries nothing that says no more than the server's own choice", () => {
    const usual: Partial<Task> = {
      commandPolicy: { allow: [], deny: [] },
      commits: "squash",
      artifacts: [],
    };
    const draft = draftOf({ ...source, ...usual });
    for (const name of Object.keys(usual)) expect(taskOf(draft)).not.toHaveProperty(name);
  });

  it("asks for the values of its variables again, and sends those that were typed", () => {
    const draft = draftOf({ ...source, envNames: ["TZ", "API_TOKEN"] });
    expect(draft.env).toEqual({ TZ: "", API_TOKEN: "" });
    expect(taskOf(draft)).not.toHaveProperty("env");
    expect(taskOf({ ...draft, env: { ...draft.env, TZ: "UTC" } }).env).toEqual({ TZ: "UTC" });
  });

  it("leaves to the server what is taken over with values, when it goes on", () => {
    const full: Task = {
      ...source,
      commandPolicy: { allow: [], deny: ["git push *"] },
      questions: false,
      commits: "keep",
      artifacts: ["dist/**"],
      envNames: ["TZ"],
    };
    const draft = beginningFrom(full, 2, "Go on");
    expect(draft.env).toEqual({});
    const sent = JSON.parse(JSON.stringify(goingOn(taskOf(draft), full, 2))) as object;
    for (const name of ["commandPolicy", "questions", "commits", "artifacts", "env"]) {
      expect(sent).not.toHaveProperty(name);
    }
    expect(goingOn(taskOf({ ...draft, questions: true }), full, 2).questions).toBe(true);
  });

  it("goes on with only what was changed of what is taken over", () => {
    const draft = { ...beginningFrom(source, 2, "Go on"), turns: "60", approve: "none" as const };
    const sent = JSON.parse(JSON.stringify(goingOn(taskOf(draft), source, 2))) as object;
    expect(sent).toEqual({
      prompt: "Go on",
      engine: "claude",
      provider: "local",
      demo: false,
      approve: "none",
      limits: { turns: 60 },
      onBudget: "stop",
      onUsageLimit: "wait",
      labels: { team: "web" },
      priority: 5,
      resume: { taskId: ID, checkpoint: 2, fork: true },
    });
  });

  it("denies what was left out, which the server would put back", () => {
    const full: Task = {
      ...source,
      commandPolicy: { allow: ["npm *"], deny: [] },
      commits: "keep",
      artifacts: ["dist/**"],
    };
    const draft = { ...beginningFrom(full, 2, "Go on"), base: {} };
    const sent = goingOn(taskOf(draft), full, 2);
    expect(sent).toMatchObject({
      commandPolicy: { allow: [], deny: [] },
      commits: "squash",
      artifacts: [],
      repositories: [],
      limits: { silenceMs: 1_200_000, outputBytes: 1_073_741_824, eventsPerSecond: 10_000 },
    });
    expect(createTaskSchema.safeParse(sent).success).toBe(true);
    expect(staysOf(taskOf(draft), full)).toEqual(["project"]);
    expect(staysOf(taskOf(beginningFrom(full, 2, "Go on")), full)).toEqual([]);
  });

  it("takes a field that was emptied for the usual, or says that it stays", () => {
    const draft = { ...beginningFrom(source, 2, "Go on"), deliver: "" as const, budget: "", repository: "" };
    const full = { ...source, model: "opus", deliver: "pr" } as Task;
    expect(goingOn(taskOf(draft), full, 2)).toMatchObject({ deliver: "branch", limits: { costUsd: 10 } });
    expect(staysOf(taskOf(draft), full)).toEqual(["repository", "model"]);
  });

  it("keeps its pull request and how it hands back when only the branch is another, and can leave it", () => {
    const full = { ...source, deliver: "pr", pullRequest: 7 } as Task;
    const draft = beginningFrom(full, 2, "Go on");
    expect(goingOn(taskOf(draft), full, 2)).not.toMatchObject({ pullRequest: 7 });
    expect(goingOn(taskOf({ ...draft, branch: "next" }), full, 2)).toMatchObject({
      repository: { url: "https://github.com/o/r", branch: "next" },
      deliver: "pr",
      pullRequest: 7,
    });
    const left = goingOn(taskOf({ ...draft, base: {} }), full, 2);
    expect(left).toMatchObject({ repository: { url: "https://github.com/o/r" }, deliver: "pr" });
    expect(left.pullRequest).toBeUndefined();
  });

  it("names the repository of a review, so that nothing is pushed onto the pull request that was read", () => {
    const repository = { url: "https://github.com/o/r", branch: "main" };
    const review = { ...source, repository, review: { post: true }, pullRequest: 7, deliver: "none" } as Task;
    const draft = beginningFrom(review, 2, "Go on");
    for (const left of [draft, { ...draft, repository: "" }]) {
      const sent = goingOn(taskOf(left), review, 2);
      expect(sent).toMatchObject({ repository, deliver: "none" });
      expect(sent.pullRequest).toBeUndefined();
    }
    const files = goingOn(taskOf({ ...draft, deliver: "files" }), review, 2);
    expect(files).toMatchObject({ repository, deliver: "files" });
  });

  it("says that the pull request and the branch to push stay with a repository that was emptied", () => {
    const repository = { url: "https://github.com/o/r", pushBranch: "next" };
    const full = { ...source, repository, pullRequest: 7 } as Task;
    const draft = { ...beginningFrom(full, 2, "Go on"), repository: "" };
    expect(goingOn(taskOf(draft), full, 2)).not.toMatchObject({ repository: expect.anything() });
    expect(staysOf(taskOf(draft), full)).toEqual(["repository", "pullRequest", "repository.pushBranch"]);
  });

  it("has the command, the pull request and the time to start of the other one, and asks for its secrets", () => {
    const told: Partial<Task> = {
      engine: "command",
      command: "make all",
      pullRequest: 7,
      notBefore: "2030-01-01T00:00:00.000Z",
      secretNames: ["GITHUB_TOKEN"],
    };
    const draft = draftOf({ ...source, ...told }, Date.parse("2029-01-01"));
    const { secretNames: _, ...said } = told;
    expect(taskOf(draft)).toMatchObject(said);
    expect(taskOf(draft)).not.toHaveProperty("secrets");
    expect(draft.secrets).toEqual({ GITHUB_TOKEN: "" });
    expect(taskOf({ ...draft, secrets: { GITHUB_TOKEN: "ghp_1" } }).secrets).toEqual({
      GITHUB_TOKEN: "ghp_1",
    });
    expect(beginningFrom({ ...source, ...told }, 2, "Go on").secrets).toEqual({ GITHUB_TOKEN: "" });
    expect(taskOf(draftOf({ ...source, ...told }, Date.parse("2031-01-01")))).not.toHaveProperty("notBefore");
  });

  it("never opens private networks, reviews or takes files with it in silence: it says what is left behind", () => {
    const upload = { commit: "c", bytes: 1, sha256: "s" };
    const review = { ...source, review: { post: true }, pullRequest: 7, allowInternalNetwork: true };
    for (const name of ["review", "pullRequest", "allowInternalNetwork"])
      expect(taskOf(draftOf(review))).not.toHaveProperty(name);
    expect(leftBehind(review, 2)).toEqual([expect.stringContaining("reviewed pull request 7")]);
    expect(leftBehind({ ...source, resumedFrom: null, upload }, undefined)).toEqual([
      expect.stringContaining("files that were uploaded"),
    ]);
    const resumed = { ...source, resumedFrom: { taskId: ID, checkpoint: 3 } };
    expect(leftBehind(resumed, undefined)).toEqual([expect.stringContaining("checkpoint 3 of another one")]);
    expect(leftBehind(resumed, 1)).toEqual([]);
    expect(leftBehind({ ...source, resumedFrom: null }, undefined)).toEqual([]);
  });

  it("begins with the words that were given, else with those of the run, else with none", () => {
    expect(beginningFrom(source, undefined, undefined).prompt).toBe("Write a sum");
    expect(beginningFrom(source, 2, undefined).prompt).toBe("");
    expect(beginningFrom(source, 2, "With these comments").prompt).toBe("With these comments");
    expect(beginningFrom(source, undefined, "Anew").prompt).toBe("Anew");
  });
});
