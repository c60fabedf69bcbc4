import { describe, expect, it } from "vitest";
import type { Provider } from "@agency/core";
import { MemoryTask } from "../testing/memory-task.ts";
import { RUNNING, sampleTask } from "../testing/sample-task.ts";
import { deleteTask } from "./manage-task.ts";
import type { ManageDeps } from "./manage-task.ts";

function setUp(neededBy: string | null) {
  const done: string[] = [];
  const tasks = Object.assign(new MemoryTask(sampleTask({ snapshot: { ...RUNNING, state: "completed" } })), {
    neededBy: async () => neededBy,
    delete: async () => (done.push("rows"), { kind: "deleted", sandboxes: [] }),
  });
  const provider = { discard: async () => void done.push("workspace") } as unknown as Provider;
  const storage = { deletePrefix: async (prefix: string) => void done.push(prefix) };
  const deps = { tasks, storage, providers: new Map([["local", provider]]), now: () => 0 };
  return { done, remove: () => deleteTask(deps as unknown as ManageDeps, "a", "t") };
}

describe("deleting a task", () => {
  it("takes its workspace, its rows and its objects with it", async () => {
    const { done, remove } = setUp(null);
    await remove();
    expect(done).toEqual(["workspace", "rows", "tasks/t"]);
  });

  it("touches nothing while another task is to go on from it", async () => {
    const { done, remove } = setUp("child");
    await expect(remove()).rejects.toMatchObject({
      code: "conflict",
      next: "Delete it when child has ended.",
    });
    expect(done).toEqual([]);
  });
});
