import { describe, expect, it } from "vitest";
import type { AskBody, PostAsk } from "@agency/contract";
import { createRedactor } from "@agency/core";
import type { AttemptAccess, SupervisedTask } from "@agency/core";
import { MemoryTask } from "../testing/memory-task.ts";
import { RUNNING, sampleTask, SPEC } from "../testing/sample-task.ts";
import { takeAsk } from "./take-ask.ts";
import type { TakeAskDeps } from "./take-ask.ts";

const question: AskBody = {
  id: "q",
  kind: "question",
  questions: [{ text: "Is hunter2-secret right?", choices: [], multiple: false }],
};
const approval: AskBody = { id: "a", kind: "approval", tool: "Write", title: "x.txt", input: { text: "x" } };
const asking = sampleTask({ spec: { ...SPEC, approve: "all" } });

function setUp(task: SupervisedTask = asking) {
  const tasks = new MemoryTask(task);
  const { redactJson: redact } = createRedactor([{ name: "KEY", value: "hunter2-secret" }]).redactor;
  const deps = { tasks, redact, now: () => 1 } as unknown as TakeAskDeps;
  const take = (body: PostAsk, epoch = 1) => takeAsk(deps, { taskId: "t", epoch } as AttemptAccess, body);
  return { tasks, take };
}

describe("an ask of a runner", () => {
  it("makes the task wait for a person, with no secret in it", async () => {
    const { take, tasks } = setUp();
    await take(question);
    expect(tasks.task.snapshot).toMatchObject({ state: "waiting", reason: "needs_input" });
    expect(tasks.commands).toMatchObject([{ ask: { questions: [{ text: "Is [redacted:KEY] right?" }] } }]);
  });

  it("is taken as often as it comes, and asked once", async () => {
    const { take, tasks } = setUp();
    await take(approval);
    await tasks.apply(
      "t",
      { kind: "answer", askId: "a", answer: { kind: "approval", allow: true }, by: "me" },
      2,
    );
    await take(approval);
    expect(tasks.task.snapshot.state).toBe("running");
  });

  it("that the agent gave up makes nobody wait any more", async () => {
    const { take, tasks } = setUp();
    await take(approval);
    await take({ kind: "withdrawn", id: "a" });
    await take({ kind: "withdrawn", id: "a" });
    expect(tasks.task.snapshot).toMatchObject({ state: "running", waits: [] });
    await expect(take({ kind: "withdrawn", id: "a" }, 0)).rejects.toMatchObject({ code: "fenced" });
    await expect(take({ kind: "withdrawn", id: "a\0" })).rejects.toMatchObject({ code: "invalid_request" });
  });

  it("shows the beginning of an input that is too long to be read", async () => {
    const { take, tasks } = setUp();
    await take({ ...approval, input: { text: "x".repeat(200_000) } });
    expect(JSON.stringify(tasks.commands).length).toBeLessThan(70_000);
    expect(tasks.commands).toMatchObject([{ ask: { id: "a", tool: "Write", title: "x.txt" } }]);
  });

  it.each<[string, SupervisedTask, AskBody]>([
    ["that must ask nothing", sampleTask({ spec: { ...SPEC, questions: false } }), question],
    ["that needs no approval", sampleTask(), approval],
    ["that is being stopped", { ...asking, snapshot: { ...RUNNING, desired: "cancel" } }, question],
    ["that is finishing", { ...asking, snapshot: { ...RUNNING, state: "finishing" } }, question],
  ])("of a task %s is refused, so that the agent can be told", async (_, task, body) => {
    await expect(setUp(task).take(body)).rejects.toMatchObject({ code: "conflict" });
  });

  it("of an attempt that is over is fenced", async () => {
    await expect(setUp().take(question, 0)).rejects.toMatchObject({ code: "fenced" });
    const ended = setUp({ ...asking, snapshot: { ...RUNNING, state: "failed" } });
    await expect(ended.take(question)).rejects.toMatchObject({ code: "fenced" });
  });

  it("under a name that cannot be kept, or too long to be read whole, is refused for good", async () => {
    const { take } = setUp();
    await expect(take({ ...question, id: "q\0" })).rejects.toMatchObject({ code: "invalid_request" });
    const choices = Array.from({ length: 50 }, (_, i) => ({ label: `${i}`, description: "d".repeat(4_000) }));
    const long = { ...question, questions: [{ text: "?", choices, multiple: false }] };
    await expect(take(long)).rejects.toMatchObject({ code: "payload_too_large" });
  });
});
