import { createTaskSchema } from "@agency/contract";
import { describe, expect, it } from "vitest";
import { EMPTY, taskOf } from "./draft.ts";
import { problemsOf } from "./problems.ts";

const draft = { ...EMPTY, prompt: "Fix the login" };

describe("the form of a new run", () => {
  it("leaves out what was left empty", () => {
    const task = taskOf(draft);
    expect(task).not.toHaveProperty("repository");
    // The account says what a run may reach that does not.
    expect(task).not.toHaveProperty("network");
    expect(task.limits).toEqual({});
    expect(createTaskSchema.safeParse(task).success).toBe(true);
  });

  it("sends what was filled in", () => {
    const task = taskOf({
      ...draft,
      repository: " https://github.com/o/r ",
      hours: "1.5",
      budget: "3",
      network: "hosts",
      hosts: "example.com, *.example.org",
      checks: "npm test\n\n npm run lint ",
    });
    expect(task).toMatchObject({
      repository: { url: "https://github.com/o/r" },
      limits: { wallMs: 5_400_000, costUsd: 3 },
      network: { allow: ["example.com", "*.example.org"] },
      checks: ["npm test", "npm run lint"],
    });
  });

  it("says beside each field what the contract has against it", () => {
    const problems = problemsOf(
      taskOf({
        ...draft,
        prompt: " ",
        repository: "git@x:y",
        budget: "-1",
        network: "hosts",
        hosts: "not a host",
      }),
    );
    expect(Object.keys(problems).toSorted()).toEqual(["budget", "hosts", "prompt", "repository"]);
    expect(problems["prompt"]).toContain("say what the agent should do");
  });
});
