import { describe, expect, it } from "vitest";
import { createTaskSchema, DEFAULT_LIMITS } from "@agency/contract";
import type { CreateTaskInput } from "@agency/contract";
import type { BlobRow, CheckpointRow, SpecUpload, SupervisedTask, TaskSpec } from "@agency/core";
import { MemoryTask } from "../testing/memory-task.ts";
import { sampleTask, SPEC } from "../testing/sample-task.ts";
import { resumeFrom } from "./resume-from.ts";

const SOURCE = "01a1fc53-118c-7da2-b70b-964436bafa70";
/** What the source itself went on from. */
const FIRST = "01a1fc53-118c-7da2-b70b-964436bafa72";
const repository = { url: "https://github.com/a/b", branch: "main" };

function resume(input: Partial<CreateTaskInput>, source: Partial<SupervisedTask> = {}, kept = [9, 8, 3]) {
  const tasks = new MemoryTask(
    sampleTask({
      id: SOURCE,
      engine: "claude",
      model: "m",
      spec: { ...SPEC, repository, project: "p" },
      ...source,
    }),
  );
  const rows = kept.map((number) => ({ number }) as CheckpointRow);
  const before = [{ number: 4 } as CheckpointRow];
  const artifacts = {
    checkpoints: async (id: string) => (id === FIRST ? before : rows),
    blobs: async (id: string) => [{ key: `${id}/upload` }, { key: `${id}/old`, expiredAt: 1 }] as BlobRow[],
  };
  const asked = { prompt: "go on", resume: { taskId: SOURCE }, ...input };
  return resumeFrom({ tasks, artifacts }, "a", createTaskSchema.parse(asked));
}

describe("a task that goes on from another one", () => {
  it("takes over its newest checkpoint, repository, model and project, and has it as its parent", async () => {
    const { input, resume: from } = await resume({});
    expect(from).toEqual({ taskId: SOURCE, checkpoint: 9, fork: false });
    expect(input).toMatchObject({ repository, model: "m", project: "p", parentId: SOURCE, engine: "claude" });
    expect(input).not.toHaveProperty("pullRequest");
  });

  it("goes on with the pull request, too, as long as the repository is the same", async () => {
    const spec = { ...SPEC, repository, pullRequest: 7 };
    expect((await resume({}, { spec })).input.pullRequest).toBe(7);
    const other = { url: "https://github.com/c/d" };
    expect((await resume({ repository: other }, { spec })).input).not.toHaveProperty("pullRequest");
  });

  it("keeps what it was given instead", async () => {
    const given = {
      resume: { taskId: SOURCE, checkpoint: 3, fork: true },
      model: "other",
      project: "q",
      repository: { url: "https://github.com/c/d" },
      parentId: "01a1fc53-118c-7da2-b70b-964436bafa71",
    };
    const { input, resume: from } = await resume(given);
    const { resume: wanted, ...rest } = given;
    expect(from).toEqual(wanted);
    expect(input).toMatchObject(rest);
  });

  /** What a person decided for the first task, none of it a default. */
  const decided = {
    limits: { ...DEFAULT_LIMITS, wallMs: 60_000, turns: 5, costUsd: 2, treeCostUsd: 9 },
    repositories: ["https://github.com/a/read"],
    network: { allow: ["example.org"] },
    approve: "commands",
    commandPolicy: { allow: [], deny: ["rm *"] },
    questions: false,
    deliver: "pr",
    commits: "keep",
    checks: ["npm test"],
    artifacts: ["dist/**"],
    env: { COLOR: "blue" },
  } satisfies Partial<TaskSpec>;

  it("takes over everything that was decided about the work, and no more", async () => {
    const spec = { ...SPEC, repository, ...decided, allowInternalNetwork: true, keepMs: 5_000 };
    const { input } = await resume({}, { spec });
    expect(input).toMatchObject(decided);
    // What opens private networks, and what a stay costs, is asked for each time.
    expect(input).toMatchObject({ allowInternalNetwork: false, secrets: {} });
    expect(input.keep).toBe(undefined);
  });

  it("runs the command of the other one, unless it is given another", async () => {
    const source = { engine: "command", spec: { ...SPEC, repository, command: "make" } };
    const asked = { engine: "command" };
    expect((await resume(asked, source)).input.command).toBe("make");
    expect((await resume({ ...asked, command: "make test" }, source)).input.command).toBe("make test");
    const none = { spec: { ...SPEC, repository, command: null } };
    expect((await resume({}, none)).input).not.toHaveProperty("command");
  });

  it("takes over each of those unless it is given another, an empty one and one limit included", async () => {
    const spec = { ...SPEC, repository, ...decided };
    const given = {
      repositories: [],
      network: "none",
      approve: "none",
      commandPolicy: { allow: [], deny: [] },
      questions: true,
      deliver: "none",
      commits: "squash",
      checks: [],
      artifacts: [],
      env: {},
    } satisfies Partial<CreateTaskInput>;
    const { input } = await resume({ ...given, limits: { turns: 7 } }, { spec });
    expect(input).toMatchObject(given);
    expect(input.limits).toEqual({ ...decided.limits, turns: 7 });
  });

  it.each([{ wallMs: 3_600_000 }, { costUsd: 20 }])(
    "takes over every limit but %j, which it names",
    async (limits) => {
      const { input } = await resume({ limits }, { spec: { ...SPEC, repository, ...decided } });
      expect(input.limits).toEqual({ ...decided.limits, ...limits });
    },
  );

  it("hands back as usual when it has another repository, and as a review does for a review", async () => {
    const spec = { ...SPEC, repository, ...decided };
    const other = { repository: { url: "https://github.com/c/d" } };
    expect((await resume(other, { spec })).input).not.toHaveProperty("deliver");
    expect((await resume({ review: { pullRequest: 1 } }, { spec })).input).not.toHaveProperty("deliver");
  });

  it("goes on from where the other one began when that was lost before it kept anything", async () => {
    const began = (checkpoint: number) => ({
      spec: { ...SPEC, resume: { taskId: FIRST, checkpoint, fork: true } },
    });
    const { input, resume: from } = await resume({}, began(4), []);
    expect(from).toEqual({ taskId: FIRST, checkpoint: 4, fork: false });
    expect(input.parentId).toBe(SOURCE);
    await expect(resume({}, began(3), [])).rejects.toMatchObject({ code: "conflict" });
    expect((await resume({}, began(4), [1])).resume).toMatchObject({ taskId: SOURCE, checkpoint: 1 });
  });

  it("goes on from what was pushed with the other one when that was lost before it kept anything", async () => {
    const began = (key: string, from: TaskSpec["resume"] = null) => ({
      spec: { ...SPEC, upload: { id: "u", key } as SpecUpload, resume: from },
    });
    const own = await resume({}, began(`${SOURCE}/upload`), []);
    expect(own).toMatchObject({ resume: { taskId: SOURCE, checkpoint: 0 }, upload: { id: "u" } });
    // Lost twice: it is still the first one's.
    const again = began(`${FIRST}/upload`, { taskId: FIRST, checkpoint: 0, fork: false });
    expect(await resume({}, again, [])).toMatchObject({
      resume: { taskId: FIRST, checkpoint: 0 },
      upload: { key: `${FIRST}/upload` },
    });
    expect(await resume({}, began(`${SOURCE}/upload`), [2])).toMatchObject({
      resume: { taskId: SOURCE, checkpoint: 2 },
      upload: null,
    });
    await expect(resume({}, began(`${SOURCE}/old`), [])).rejects.toMatchObject({ code: "conflict" });
  });

  it("starts afresh when it names none", async () => {
    const input = createTaskSchema.parse({ prompt: "x" });
    const deps = {
      tasks: new MemoryTask(sampleTask()),
      artifacts: { checkpoints: () => Promise.resolve([]), blobs: () => Promise.resolve([]) },
    };
    expect(await resumeFrom(deps, "a", input)).toEqual({ input, resume: null, upload: null });
  });

  it.each<[string, Partial<CreateTaskInput>, Partial<SupervisedTask>, number[], string]>([
    ["another account's task", {}, { accountId: "b" }, [1], "not_found"],
    [
      "a task that is not there",
      { resume: { taskId: "01a1fc53-118c-7da2-b70b-964436bafa79" } },
      {},
      [1],
      "not_found",
    ],
    ["a probe", {}, { hidden: true }, [1], "not_found"],
    ["another engine", { engine: "codex" }, {}, [1], "unsupported_option"],
    ["a task of which nothing was kept", {}, {}, [], "conflict"],
    ["a checkpoint that is gone", { resume: { taskId: SOURCE, checkpoint: 4 } }, {}, [9, 8], "conflict"],
  ])("cannot go on from %s", async (_what, input, source, kept, code) => {
    await expect(resume(input, source, kept)).rejects.toMatchObject({ code, message: expect.any(String) });
  });

  it("says what was kept, and that nothing was", async () => {
    await expect(resume({}, {}, [])).rejects.toMatchObject({ message: expect.stringContaining("was kept") });
    const gone = resume({ resume: { taskId: SOURCE, checkpoint: 4 } });
    await expect(gone).rejects.toMatchObject({ next: "Those that are: 9, 8, 3." });
  });
});
