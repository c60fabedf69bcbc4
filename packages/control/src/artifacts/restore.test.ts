import { describe, expect, it, vi } from "vitest";
import type { AttemptAccess, CheckpointRow } from "@agency/core";
import { MemoryBlobs } from "../testing/memory-blobs.ts";
import { MemoryTask } from "../testing/memory-task.ts";
import { sampleTask, SPEC } from "../testing/sample-task.ts";
import { openRestore } from "./restore.ts";

const resume = { taskId: "source", checkpoint: 3, fork: false };

function open(spec = { ...SPEC, resume }, kept = true, storage = new MemoryBlobs()) {
  if (kept) storage.objects.set("k", Buffer.from("saved"));
  const row = { key: "k", bytes: 5 } as CheckpointRow;
  const artifacts = {
    checkpoint: (id: string, number: number) => Promise.resolve(id === "source" && number === 3 ? row : null),
  };
  const tasks = new MemoryTask(sampleTask({ spec }));
  return openRestore({ tasks, artifacts, storage }, { taskId: "t", epoch: 1 } as AttemptAccess);
}

describe("the bytes a task goes on from", () => {
  it("are those of the checkpoint it names", async () => {
    const { bytes, body } = await open();
    expect([bytes, await new Response(body).text()]).toEqual([5, "saved"]);
  });

  it("are given as they are stored, for the runner to judge", async () => {
    const storage = new MemoryBlobs();
    const read = vi.spyOn(storage, "read");
    await open(undefined, true, storage);
    expect(read.mock.calls).toEqual([["k", {}, { unchecked: true }]]);
  });

  it.each([
    ["starts afresh", SPEC, true],
    ["names another one", { ...SPEC, resume: { ...resume, checkpoint: 4 } }, true],
    ["names one whose bytes are gone", { ...SPEC, resume }, false],
  ])("are none for a task that %s", async (_what, spec, kept) => {
    await expect(open({ ...SPEC, ...spec } as never, kept)).rejects.toMatchObject({ code: "not_found" });
  });
});
