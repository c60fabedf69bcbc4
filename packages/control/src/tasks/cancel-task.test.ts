import type { Provider } from "@agency/core";
import { describe, expect, it } from "vitest";
import { MemoryTask } from "../testing/memory-task.ts";
import { RUNNING, sampleTask } from "../testing/sample-task.ts";
import { cancelTask } from "./cancel-task.ts";
import type { CancelDeps } from "./cancel-task.ts";

type State = NonNullable<ReturnType<typeof sampleTask>["attempt"]>["sandbox"]["state"];

function setUp(isOver: boolean, sandboxState: State = "active") {
  const done: string[] = [];
  const sample = sampleTask({ snapshot: { ...RUNNING, state: isOver ? "completed" : "running" } });
  const { attempt } = sample;
  if (attempt === null) throw new Error("the sample has an attempt");
  const withSandbox = (more: object) => ({
    ...sample,
    attempt: { ...attempt, sandbox: { ...attempt.sandbox, state: sandboxState, ...more } },
  });
  const tasks = Object.assign(new MemoryTask(withSandbox({})), {
    async discardSandbox() {
      done.push("marked");
      tasks.task = withSandbox({ discard: true });
    },
  });
  const provider = {
    destroy: async () => void done.push("destroyed"),
    discard: async () => void done.push("discarded"),
  } as unknown as Provider;
  const attempts = {
    dropSandbox: async () => undefined,
    setSandbox: async (_id: string, state: string) => void done.push(state),
  };
  const deps = {
    tasks,
    attempts,
    providers: new Map([["local", provider]]),
    logger: { warn() {} },
    now: () => 0,
  };
  const stop = (discard: boolean) => cancelTask(deps as unknown as CancelDeps, "a", "t", { discard });
  return { done, tasks, stop };
}

describe("a task that is stopped and whose files are given up", () => {
  it("has nothing thrown away but by the step that stops it", async () => {
    const { done, tasks, stop } = setUp(false);
    await stop(true);
    expect(done).toEqual([]);
    expect(tasks.commands).toMatchObject([{ kind: "cancel", discard: true }]);
  });

  it.each<State>(["active", "deleted"])(
    "loses them when it is over already, its sandbox %s",
    async (state) => {
      const { done, stop } = setUp(true, state);
      await stop(true);
      expect(done).toEqual(["marked", "deleting", "destroyed", "discarded", "discarded"]);
    },
  );

  it("loses nothing when it is over and only stopped", async () => {
    const { done, stop } = setUp(true);
    await stop(false);
    expect(done).toEqual([]);
  });
});
