import { describe, expect, it } from "vitest";
import type { AuditRow, Provider, SandboxRecord } from "@agency/core";
import { MemoryTask } from "../testing/memory-task.ts";
import { RUNNING, sampleTask } from "../testing/sample-task.ts";
import { deleteTask } from "./manage-task.ts";
import type { DeleteDeps } from "./manage-task.ts";

const SANDBOX = {
  id: "s",
  taskId: "t",
  provider: "local",
  generation: 1,
  state: "active",
  ref: { provider: "local", id: "s" },
} as unknown as SandboxRecord;

function setUp(neededBy: string | null, broken = false) {
  const done: string[] = [];
  const tasks = Object.assign(new MemoryTask(sampleTask({ snapshot: { ...RUNNING, state: "completed" } })), {
    delete: async (_account: string, taskId: string, audit: AuditRow) => {
      if (neededBy !== null) return { kind: "needed", by: neededBy };
      done.push(`rows, for ${audit.actor}`);
      return { kind: "deleted", removal: { taskId, part: "task", sandboxes: [SANDBOX] } };
    },
  });
  let events = 12_000;
  const removals = {
    async removeEvents(_id: string, limit: number) {
      const removed = Math.min(limit, events);
      events -= removed;
      done.push(`${removed} events`);
      return removed;
    },
    done: async () => void done.push("removal"),
  };
  const provider = {
    destroy: async () => void done.push("sandbox"),
    discard: async () => void done.push("workspace"),
  } as unknown as Provider;
  const storage = {
    async deletePrefix(prefix: string) {
      if (broken) throw new Error("the storage is away");
      done.push(prefix);
    },
  };
  const warnings: string[] = [];
  const logger = { warn: (_: object, text: string) => void warnings.push(text) };
  const deps = { tasks, removals, storage, logger, providers: new Map([["local", provider]]), now: () => 0 };
  return { done, warnings, remove: () => deleteTask(deps as unknown as DeleteDeps, "a", "t", "key 1") };
}

describe("deleting a task", () => {
  it("takes its events in portions with it, its objects, and last its sandbox and workspace", async () => {
    const { done, remove } = setUp(null);
    await remove();
    expect(done).toEqual([
      "rows, for key 1",
      "5000 events",
      "5000 events",
      "2000 events",
      "0 events",
      "tasks/t",
      "sandbox",
      "workspace",
      "removal",
    ]);
  });

  it("leaves the removal standing, and the task deleted, when something cannot be removed now", async () => {
    const { done, warnings, remove } = setUp(null, true);
    await remove();
    expect(done).not.toContain("removal");
    expect(warnings).toEqual(["a deleted task left something over; it is removed later"]);
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
