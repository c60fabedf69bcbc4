import { describe, expect, it } from "vitest";
import type { ArtifactStore, BlobRow, TaskStore } from "@agency/core";
import { MemoryBlobs } from "../testing/memory-blobs.ts";
import { MemoryTask } from "../testing/memory-task.ts";
import { sampleTask } from "../testing/sample-task.ts";
import { downloadArtifact, getArtifact, listArtifacts } from "./artifacts.ts";
import { collectOrphans } from "./collect-orphans.ts";

const row = (id: string, kind: BlobRow["kind"], name = "out/a.txt"): BlobRow => ({
  id,
  accountId: "a",
  taskId: "t",
  epoch: 1,
  kind,
  name,
  key: `tasks/t/blobs/${id}`,
  bytes: 5,
  sha256: "a".repeat(64),
  mediaType: "text/plain",
  at: 0,
});

function setUp() {
  const storage = new MemoryBlobs();
  const rows = [
    row("1", "file"),
    row("2", "checkpoint"),
    row("3", "manifest"),
    row("4", "archive", "workspace"),
  ];
  for (const { key } of rows) storage.objects.set(key, Buffer.from("hello"));
  const artifacts = {
    blobs: () => Promise.resolve(rows),
    blob: (_taskId: string, id: string) => Promise.resolve(rows.find((one) => one.id === id) ?? null),
  } as unknown as ArtifactStore;
  const tasks = new MemoryTask(sampleTask()) as unknown as TaskStore;
  return { deps: { tasks, artifacts, storage }, storage, rows };
}

describe("the artifacts of a task", () => {
  it("are what was kept for people, without our own bookkeeping", async () => {
    const { deps } = setUp();
    expect((await listArtifacts(deps, "a", "t")).map(({ id }) => id)).toEqual(["1", "4"]);
    expect(await getArtifact(deps, "a", "t", "1")).toEqual({
      id: "1",
      kind: "file",
      name: "out/a.txt",
      bytes: 5,
      sha256: "a".repeat(64),
      mediaType: "text/plain",
      createdAt: "1970-01-01T00:00:00.000Z",
    });
    for (const id of ["2", "3", "9"])
      await expect(getArtifact(deps, "a", "t", id)).rejects.toMatchObject({ code: "not_found" });
    await expect(listArtifacts(deps, "b", "t")).rejects.toMatchObject({ code: "not_found" });
    await expect(downloadArtifact(deps, "b", "t", "1")).rejects.toMatchObject({ code: "not_found" });
  });

  it("are downloaded from the storage under their own name where it can, else from here", async () => {
    const { deps, storage } = setUp();
    const download = await downloadArtifact(deps, "a", "t", "1");
    expect(await download.sign()).toBeNull();
    storage.signs = true;
    expect(await download.sign()).toBe("https://storage.example/tasks/t/blobs/1?as=a.txt");
    expect(await new Response(await download.open({ from: 1, to: 3 })).text()).toBe("el");
    storage.objects.clear();
    await expect(download.open()).rejects.toMatchObject({ code: "not_found" });
  });
});

describe("objects without a blob", () => {
  it("are deleted first and forgotten then, all of them, until told to stop", async () => {
    const { storage } = setUp();
    let left = Array.from({ length: 250 }, (_, i) => `k${i}`);
    for (const key of left) storage.objects.set(key, new Uint8Array());
    const artifacts = {
      orphans: async (limit: number) => left.slice(0, limit).map((key) => ({ key })),
      forget: async (keys: readonly string[]) => {
        expect(keys.some((key) => storage.objects.has(key))).toBe(false);
        left = left.filter((key) => !keys.includes(key));
      },
      postpone: () => Promise.reject(new Error("nothing failed")),
    };
    expect(await collectOrphans({ artifacts, storage }, AbortSignal.abort())).toBe(0);
    expect(await collectOrphans({ artifacts, storage }, new AbortController().signal)).toBe(250);
    expect(storage.objects.size).toBe(4);
  });

  it("that cannot be deleted hold up no other, and are tried again later", async () => {
    const { storage } = setUp();
    const stuck = new Set(["k3", "k120"]);
    let left = Array.from({ length: 250 }, (_, i) => `k${i}`);
    const refusing = {
      delete: async (key: string) => {
        if (stuck.has(key)) throw new Error(`${key} is held`);
        await storage.delete(key);
      },
    };
    const drop = async (keys: readonly string[]) => void (left = left.filter((key) => !keys.includes(key)));
    const postponed: string[] = [];
    const artifacts = {
      orphans: async (limit: number) => left.slice(0, limit).map((key) => ({ key })),
      forget: drop,
      postpone: async (keys: readonly string[]) => (postponed.push(...keys), drop(keys)),
    };
    const collecting = collectOrphans({ artifacts, storage: refusing }, new AbortController().signal);
    await expect(collecting).rejects.toThrow("k3 is held");
    expect([left, postponed]).toEqual([[], ["k3", "k120"]]);
  });
});
