import { zstdCompressSync } from "node:zlib";
import { describe, expect, it, vi } from "vitest";
import type { ArchiveManifest } from "@agency/contract";
import type { ArtifactStore, BlobRow, TaskStore } from "@agency/core";
import { MemoryBlobs } from "../testing/memory-blobs.ts";
import { MemoryTask } from "../testing/memory-task.ts";
import { sampleTask } from "../testing/sample-task.ts";
import { listFiles, readFile } from "./archived-files.ts";
import { createManifests } from "./manifests.ts";
import { createFileLanes } from "./reading-lanes.ts";

type Entry = ArchiveManifest["files"][number];

const small = Buffer.from("HEADER--the small one--and more behind it");
const large = Buffer.alloc(300_000, "0123456789");
const frames = [
  zstdCompressSync(small),
  zstdCompressSync(large.subarray(0, 200_000)),
  zstdCompressSync(large.subarray(200_000)),
];
const archive = Buffer.concat(frames);
const [first = 0, second = 0, third = 0] = frames.map((frame) => frame.length);
const file = { kind: "file", mode: 0o644 } as const;
const SMALL: Entry = { ...file, path: "src/small.txt", bytes: 13, offset: 0, length: first, skip: 8 };
const LARGE: Entry = {
  ...file,
  path: "big.bin",
  bytes: 300_000,
  offset: first,
  length: second + third,
  skip: 0,
};
const LINK: Entry = {
  path: "link",
  kind: "link",
  mode: 0o777,
  bytes: 0,
  target: "../x",
  offset: 0,
  length: 0,
  skip: 0,
};
const EMPTY: Entry = { ...file, path: "src/empty", bytes: 0, offset: 0, length: 0, skip: 0 };

function setUp(manifest: unknown = { v: 1, truncated: false, files: [SMALL, LARGE, LINK, EMPTY] }) {
  const storage = new MemoryBlobs();
  const texts = new Map<string, Buffer>([
    ["m", Buffer.from(typeof manifest === "string" ? manifest : JSON.stringify(manifest))],
    ["a", archive],
  ]);
  for (const [key, bytes] of texts) storage.objects.set(key, bytes);
  const row = (kind: BlobRow["kind"], key: string) =>
    ({ id: key, accountId: "a", kind, key, bytes: texts.get(key)?.length ?? 0 }) as BlobRow;
  const rows = [row("archive", "a"), row("manifest", "m")];
  const deps = {
    tasks: new MemoryTask(sampleTask()) as unknown as TaskStore,
    artifacts: { blobs: () => Promise.resolve(rows) } as unknown as ArtifactStore,
    storage,
    manifests: createManifests(storage),
    lanes: createFileLanes(),
  };
  const list = (query: Partial<Parameters<typeof listFiles>[3]> = {}) =>
    listFiles(deps, "a", "t", { prefix: "", limit: 10, ...query });
  const read = async (path: string) => {
    const { open, bytes } = await readFile(deps, "a", "t", path);
    return { bytes, content: await new Response(await open()).text() };
  };
  return { storage, rows, deps, list, read };
}

describe("the files of an archive", () => {
  it("are listed by path, in pages, below a folder", async () => {
    const { list } = setUp();
    expect((await list()).files.map(({ path }) => path)).toEqual([
      "big.bin",
      "link",
      "src/empty",
      "src/small.txt",
    ]);
    expect(await list({ limit: 2 })).toMatchObject({
      nextAfter: "link",
      files: [{ path: "big.bin" }, { path: "link" }],
    });
    expect(await list({ after: "link", limit: 2 })).toMatchObject({ nextAfter: null, truncated: false });
    expect((await list({ prefix: "src/" })).files).toEqual([
      { path: "src/empty", kind: "file", bytes: 0, mode: 0o644 },
      { path: "src/small.txt", kind: "file", bytes: 13, mode: 0o644 },
    ]);
    expect((await list({ prefix: "link" })).files).toEqual([
      { path: "link", kind: "link", bytes: 0, mode: 0o777, target: "../x" },
    ]);
  });

  it("are read one by one, out of the frames they lie in", async () => {
    const { read, storage } = setUp();
    expect(await read("src/small.txt")).toEqual({ bytes: 13, content: "the small one" });
    expect((await read("big.bin")).content).toBe(large.toString());
    expect(await read("src/empty")).toEqual({ bytes: 0, content: "" });
    expect(storage.open).toBe(0);
  });

  it("let go of the archive when nobody reads on", async () => {
    const { deps, storage } = setUp();
    for (const path of ["big.bin", "src/small.txt"]) {
      const { open } = await readFile(deps, "a", "t", path);
      await (await open()).cancel();
      const reader = (await open()).getReader();
      await reader.read();
      await reader.cancel();
    }
    expect(storage.open).toBe(0);
  });

  it("are asked of the list once, however many pages are read", async () => {
    const { list, storage } = setUp();
    await list();
    storage.objects.delete("m");
    expect((await list()).files).toHaveLength(4);
  });

  it("are refused at once when the list is nonsense, however long it is", async () => {
    const { list } = setUp(`{"v":1,"truncated":false,"files":[${"0,".repeat(8_000_000)}0]}`);
    const before = process.memoryUsage().rss;
    await expect(list()).rejects.toMatchObject({ code: "conflict" });
    expect((process.memoryUsage().rss - before) / 1024 / 1024).toBeLessThan(400);
  });

  it("are refused before they are objects in memory when there are far too many", async () => {
    const { list } = setUp(`{"v":1,"truncated":false,"files":[${"[],".repeat(8_000_000)}[]]}`);
    const before = process.memoryUsage().rss;
    await expect(list()).rejects.toMatchObject({ code: "conflict" });
    expect((process.memoryUsage().rss - before) / 1024 / 1024).toBeLessThan(200);
  });

  it("are listed for so many tasks at once, and the next is told to wait", async () => {
    const { deps, rows } = setUp();
    const [manifest] = rows.filter(({ kind }) => kind === "manifest") as [BlobRow];
    const asked = ["1", "2", "3"].map((id) => deps.manifests({ ...manifest, id }));
    const results = await Promise.allSettled(asked);
    expect(results.map(({ status }) => status)).toEqual(["fulfilled", "fulfilled", "rejected"]);
    expect(results[2]).toMatchObject({ reason: { code: "too_many_requests" } });
    expect((await deps.manifests({ ...manifest, id: "3" })).files).toHaveLength(4);
  });

  it("are sent to so many at once, and to nobody for longer than some minutes", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    try {
      const { deps, storage } = setUp();
      const { open } = await readFile(deps, "a", "t", "big.bin");
      const readers = await Promise.all(Array.from({ length: 8 }, async () => (await open()).getReader()));
      await readers[0]?.read();
      await expect(open()).rejects.toMatchObject({ code: "too_many_requests" });
      vi.advanceTimersByTime(5 * 60_000);
      await expect(readers[0]?.read()).rejects.toThrow("too long");
      await (await open()).cancel();
      expect(storage.open).toBe(0);
    } finally {
      vi.useRealTimers();
    }
  });

  it.each<[string, Partial<Entry>, string]>([
    ["is a link", { kind: "link" }, "conflict"],
    ["is too large", { bytes: 65 * 1024 * 1024 }, "conflict"],
    ["lies outside the archive", { offset: archive.length - 1 }, "conflict"],
    ["begins far behind its frame's start", { skip: 9 * 1024 * 1024 }, "conflict"],
    ["has no frame", { length: 0 }, "conflict"],
  ])("that %s cannot be read", async (_what, change, code) => {
    const { read } = setUp({ v: 1, truncated: false, files: [{ ...SMALL, ...change }] });
    await expect(read("src/small.txt")).rejects.toMatchObject({ code });
  });

  it.each<[string, Partial<Entry>]>([
    ["end too early", { bytes: 1_000 }],
    ["are no frames", { offset: 3, length: 20 }],
    ["are cut", { length: 12 }],
  ])("whose frames %s break off instead of being wrong", async (_what, change) => {
    const { read, storage } = setUp({ v: 1, truncated: false, files: [{ ...SMALL, ...change }] });
    await expect(read("src/small.txt")).rejects.toBeInstanceOf(Error);
    expect(storage.open).toBe(0);
  });

  it.each<[string, unknown]>([
    ["no JSON", "{"],
    ["another format", { v: 2, truncated: false, files: [] }],
    ["paths that are none", { v: 1, truncated: false, files: [{ ...SMALL, path: 7 }] }],
    ["negative places", { v: 1, truncated: false, files: [{ ...SMALL, offset: -1 }] }],
  ])("of a list that holds %s are not shown", async (_what, manifest) => {
    await expect(setUp(manifest).list()).rejects.toMatchObject({ code: "conflict" });
  });

  it("of a task without an archive, or of nobody's task, are not there", async () => {
    const { rows, list, deps, read } = setUp();
    await expect(read("no/such")).rejects.toMatchObject({ code: "not_found" });
    await expect(listFiles(deps, "b", "t", { prefix: "", limit: 1 })).rejects.toMatchObject({
      code: "not_found",
    });
    rows.splice(0, 1);
    await expect(list()).rejects.toMatchObject({ code: "not_found" });
  });
});
