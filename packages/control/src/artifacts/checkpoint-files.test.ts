import { createHash, randomBytes } from "node:crypto";
import { deflateSync, zstdCompressSync } from "node:zlib";
import * as fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { isAgencyError, MAX_CHECKPOINT_FILES, MAX_CHECKPOINT_LIST, MAX_DELTAS } from "@agency/contract";
import type { ArtifactStore, CheckpointRow, RepositoryObjects, TaskStore } from "@agency/core";
import { MemoryBlobs } from "../testing/memory-blobs.ts";
import { MemoryTask } from "../testing/memory-task.ts";
import { checkpointTar, packBlobs, packList } from "../testing/sample-checkpoint.ts";
import { sampleTask } from "../testing/sample-task.ts";
import { listCheckpointFiles, readCheckpointFile } from "./checkpoint-files.ts";
import { createCheckpointLists } from "./checkpoint-lists.ts";
import { createFileLanes } from "./reading-lanes.ts";

const MiB = 1024 * 1024;
const small = Buffer.from("the small one\n");
const empty = Buffer.alloc(0);
const large = randomBytes(3 * MiB);
const { bundle, blobs } = packBlobs([small, empty, large]);
const [SMALL, EMPTY, LARGE] = blobs;
const ELSEWHERE = "e".repeat(40);

const file = (path: string, more: object) => ({
  path,
  kind: "file",
  mode: 0o644,
  object: ELSEWHERE,
  ...more,
});
const ENTRIES: object[] = [
  file("src/small.txt", { ...SMALL, bytes: small.length, change: "modified" }),
  file("src/empty", { ...EMPTY, bytes: 0, change: "added" }),
  { path: "src/gone", change: "deleted" },
  file("large.bin", { ...LARGE, bytes: large.length, mode: 0o755, change: "added" }),
  file("same.txt", { bytes: 4 }),
  file("link", { kind: "link", mode: 0o777, target: "../x", change: "added" }),
];

/** A header and not a byte of what it promises. */
const tarOf = (name: string, size: number): Buffer => {
  const header = Buffer.alloc(512);
  header.write(name);
  header.write(`${size.toString(8).padStart(11, "0")}\0`, 124);
  header.write("0", 156);
  return header;
};

interface Ground {
  list: Buffer | null;
  tar: Buffer;
  objects: RepositoryObjects | null;
  repository: string;
}

function setUp(entries: readonly object[] = ENTRIES, change: Partial<Ground> = {}) {
  const storage = new MemoryBlobs();
  const tar =
    change.tar ?? checkpointTar(bundle, change.list === undefined ? packList(entries) : change.list);
  storage.objects.set("c", tar);
  const row = { key: "c", bytes: tar.length, sha256: "" } as CheckpointRow;
  const memory = new MemoryTask(sampleTask());
  const repository = change.repository === undefined ? null : { url: change.repository };
  const get = async (accountId: string, id: string) => {
    const task = await memory.get(accountId, id);
    return task && { ...task, repository };
  };
  const deps = {
    tasks: { get } as unknown as TaskStore,
    artifacts: {
      checkpoint: async (_: string, number: number) => (number === 1 ? row : null),
    } as unknown as ArtifactStore,
    storage,
    lists: createCheckpointLists(storage),
    lanes: createFileLanes(),
    objects: change.objects ?? null,
  };
  const list = (query: Partial<Parameters<typeof listCheckpointFiles>[4]> = {}, number = 1) =>
    listCheckpointFiles(deps, "a", "t", number, { prefix: "", limit: 10, ...query });
  const read = async (path: string) => {
    const { bytes, name, open } = await readCheckpointFile(deps, "a", "t", 1, path);
    return { bytes, name, content: Buffer.from(await new Response(await open()).arrayBuffer()) };
  };
  return { storage, deps, list, read };
}

describe("the files of a checkpoint", () => {
  it("are listed by path, in pages, with what became of them and what is gone", async () => {
    const { list } = setUp();
    const all = await list();
    expect(all.files.map(({ path, change }) => [path, change])).toEqual([
      ["large.bin", "added"],
      ["link", "added"],
      ["same.txt", undefined],
      ["src/empty", "added"],
      ["src/small.txt", "modified"],
    ]);
    expect(all).toMatchObject({
      deleted: ["src/gone"],
      base: "b".repeat(40),
      truncated: false,
      nextAfter: null,
    });
    expect(all.files[1]).toEqual({
      path: "link",
      kind: "link",
      mode: 0o777,
      target: "../x",
      change: "added",
    });
    expect(await list({ prefix: "src/", limit: 2 })).toMatchObject({
      files: [{ path: "src/empty" }],
      deleted: ["src/gone"],
      nextAfter: "src/gone",
    });
    expect(await list({ prefix: "src/", after: "src/gone" })).toMatchObject({
      files: [{ path: "src/small.txt", bytes: 14, mode: 0o644 }],
      deleted: [],
      nextAfter: null,
    });
  });

  it("are read one by one, byte for byte", async () => {
    const { read, storage } = setUp();
    expect(await read("src/small.txt")).toEqual({ name: "src/small.txt", bytes: 14, content: small });
    expect(await read("src/empty")).toMatchObject({ bytes: 0, content: empty });
    expect((await read("large.bin")).content.equals(large)).toBe(true);
    expect(storage.open).toBe(0);
  });

  it("are read of a repository whose objects have names of 64 digits", async () => {
    const wide = packBlobs([small, large], { format: "sha256" });
    const [one, two] = wide.blobs;
    const tar = checkpointTar(wide.bundle, packList([file("a", { ...one }), file("b", { ...two })]));
    const { read } = setUp([], { tar });
    expect((await read("a")).content).toEqual(small);
    expect((await read("b")).content.equals(large)).toBe(true);
  });

  it("are made of others where git packed only what changed", async () => {
    const lines = Array.from({ length: 3_000 }, (_, at) => `line ${at} ${at * 7919}\n`);
    const versions = [0, 1, 2, 3].map((version) =>
      Buffer.from(
        [...lines.slice(0, 2_000 - version), `version ${version}\n`, ...lines.slice(2_000)].join(""),
      ),
    );
    const { bundle: deltas, blobs: made } = packBlobs(versions, { deltas: true });
    expect(Math.max(...made.map(({ places }) => places.length))).toBeGreaterThan(1);
    const entries = made.map((one, at) => file(`v${at}`, one));
    const { read, storage } = setUp([], { tar: checkpointTar(deltas, packList(entries)) });
    for (const [at, content] of versions.entries())
      expect(await read(`v${at}`)).toEqual({ name: `v${at}`, bytes: content.length, content });
    expect(storage.open).toBe(0);
  });

  it("let go of the checkpoint when nobody reads on", async () => {
    const { deps, storage } = setUp();
    const { open } = await readCheckpointFile(deps, "a", "t", 1, "large.bin");
    await (await open()).cancel();
    const reader = (await open()).getReader();
    await reader.read();
    await reader.cancel();
    expect(storage.open).toBe(0);
  });

  it("are checked so many at once, and the next is told to wait", async () => {
    const { deps, storage, list } = setUp();
    await list();
    const read = () => readCheckpointFile(deps, "a", "t", 1, "large.bin");
    const results = await Promise.allSettled([read(), read(), read()]);
    expect(results.map(({ status }) => status)).toEqual(["fulfilled", "fulfilled", "rejected"]);
    expect(results[2]).toMatchObject({ reason: { code: "too_many_requests" } });
    expect((await read()).bytes).toBe(large.length);
    expect(storage.open).toBe(0);
  });

  it("are sent to so many at once, and to nobody for longer than some minutes", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    try {
      const { deps, storage } = setUp();
      const { open } = await readCheckpointFile(deps, "a", "t", 1, "large.bin");
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

  it("are asked of the list once, however many pages are read, and two lists are kept", async () => {
    const { list, storage } = setUp();
    await list();
    storage.objects.delete("c");
    expect((await list()).files).toHaveLength(5);
  });

  it("are forgotten when nobody has asked for some minutes", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    try {
      const { list, storage } = setUp();
      await list();
      storage.objects.delete("c");
      for (const _ of [1, 2, 3]) {
        vi.advanceTimersByTime(4 * 60_000);
        expect((await list()).files).toHaveLength(5);
      }
      vi.advanceTimersByTime(5 * 60_000);
      await expect(list()).rejects.toMatchObject({ code: "not_found" });
    } finally {
      vi.useRealTimers();
    }
  });

  it("that are as in the repository come from the server's mirror, of this repository alone", async () => {
    const asked: string[][] = [];
    const objects: RepositoryObjects = {
      async blob(...args) {
        asked.push(args);
        return { bytes: 4, open: () => new Blob(["same"]).stream() };
      },
    };
    const url = "https://git.example/a/b.git";
    const { read } = setUp(ENTRIES, { objects, repository: url });
    expect((await read("same.txt")).content.toString()).toBe("same");
    expect(asked).toEqual([["a", url, ELSEWHERE]]);
    await expect(setUp(ENTRIES, { objects }).read("same.txt")).rejects.toMatchObject({ code: "conflict" });
  });

  it("that are as in the repository name the commit they are of when there is no mirror", async () => {
    const missing: RepositoryObjects = { blob: async () => null };
    for (const objects of [null, missing]) {
      const { read } = setUp(ENTRIES, { objects, repository: "https://git.example/a/b.git" });
      await expect(read("same.txt")).rejects.toMatchObject({
        code: "conflict",
        message: expect.stringContaining(`as in commit ${"b".repeat(40)}`),
        next: expect.stringContaining(`git cat-file blob ${ELSEWHERE}`),
      });
    }
  });

  it("too large for us are left in their mirror", async () => {
    const objects: RepositoryObjects = {
      blob: async () => ({ bytes: 65 * MiB, open: () => expect.unreachable() }),
    };
    const { read } = setUp(ENTRIES, { objects, repository: "https://git.example/a/b.git" });
    await expect(read("same.txt")).rejects.toMatchObject({ code: "conflict" });
  });

  it.each([
    ["link", "conflict"],
    ["src/gone", "not_found"],
    ["src", "not_found"],
  ])("do not have %s among them", async (path, code) => {
    await expect(setUp().read(path)).rejects.toMatchObject({ code });
  });

  it("are nobody else's, and of no checkpoint that is not kept", async () => {
    const { deps, list } = setUp();
    const query = { prefix: "", limit: 1 };
    await expect(listCheckpointFiles(deps, "b", "t", 1, query)).rejects.toMatchObject({ code: "not_found" });
    await expect(readCheckpointFile(deps, "b", "t", 1, "large.bin")).rejects.toMatchObject({
      code: "not_found",
    });
    await expect(list({}, 2)).rejects.toMatchObject({ code: "not_found" });
  });

  it.each<[string, Buffer]>([
    ["an older runner made", checkpointTar(bundle, null)],
    ["is no tar", randomBytes(4096)],
    ["is empty", empty],
    ["ends before what its first header promises", tarOf("checkpoint.json", 3 * MiB)],
    [
      "ends before its list",
      Buffer.concat([checkpointTar(empty, null).subarray(0, 1024), tarOf("files.jsonl.zst", 20 * MiB)]),
    ],
    ["is cut in its list", checkpointTar(bundle, packList(ENTRIES)).subarray(0, 1100)],
    ["is cut in its bundle", checkpointTar(bundle, packList(ENTRIES)).subarray(0, 8000)],
  ])("are not listed of a checkpoint that %s", async (_what, tar) => {
    await expect(setUp([], { tar }).list()).rejects.toMatchObject({
      code: "conflict",
      message: expect.stringContaining("no list"),
      next: expect.any(String),
    });
  });
});

describe("a list that lies", () => {
  const [[offset, length] = [0, 0]] = SMALL?.places ?? [];
  const other = LARGE?.object ?? "";

  it.each<[string, object]>([
    ["a place behind the bundle", { places: [[bundle.length - 3, 100]] }],
    ["a place that wraps around", { places: [[Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER]] }],
    ["a place of nothing", { places: [[offset, 0]] }],
    ["a place that is too long to be packed", { places: [[0, 80 * MiB]] }],
    ["half of it", { places: [[offset, length - 4]] }],
    ["the middle of it", { places: [[offset + 1, length - 1]] }],
    ["the beginning of the pack", { places: [[0, 200]] }],
    ["the place of another file", { places: LARGE?.places }],
    ["a whole one where a change was", { places: [[offset, length], ...(LARGE?.places ?? [])] }],
    ["no place", { places: [] }],
    ["more changes than may be", { places: Array.from({ length: 30 }, () => [offset, length]) }],
    ["another file under its own name", { object: other }],
    ["a name no content can have", { object: "0".repeat(40) }],
    ["a name of another length", { object: "0".repeat(64) }],
  ])("about a file by %s gets an error, not another file", async (_what, lie) => {
    const entry = { ...file("a", { ...SMALL, bytes: small.length }), ...lie };
    const { read, storage } = setUp([entry]);
    await expect(read("a")).rejects.toMatchObject({ code: "conflict", next: expect.any(String) });
    expect(storage.open).toBe(0);
  });

  /** An object as it lies in a pack. */
  const packed = (kind: number, size: number, body: Buffer): Buffer => {
    const header: number[] = [];
    let left = Math.floor(size / 16);
    header.push((kind << 4) | (size % 16) | (left > 0 ? 0x80 : 0));
    while (left > 0) {
      const next = Math.floor(left / 128);
      header.push((left % 128) | (next > 0 ? 0x80 : 0));
      left = next;
    }
    return Buffer.concat([Buffer.from(header), body]);
  };
  const nameOf = (size: number, content: Buffer): string =>
    createHash("sha1").update(`blob ${size}\0`).update(content).digest("hex");

  it.each<[string, Buffer, string]>([
    ["more than it says", packed(3, 10, deflateSync(Buffer.alloc(50 * MiB))), nameOf(10, Buffer.alloc(10))],
    ["less than it says", packed(3, 20, deflateSync(small)), nameOf(20, small)],
    ["more than is unpacked here", packed(3, 65 * MiB, deflateSync(small)), nameOf(65 * MiB, small)],
    ["more than there is in the world", packed(3, 2 ** 53, deflateSync(small)), nameOf(2 ** 53, small)],
    ["a size without an end", Buffer.concat([Buffer.alloc(40, 0xff), deflateSync(small)]), nameOf(1, small)],
    ["a tree", packed(2, 14, deflateSync(small)), nameOf(14, small)],
    ["a difference to another object", packed(6, 14, deflateSync(small)), nameOf(14, small)],
    ["no zlib", packed(3, 14, small), nameOf(14, small)],
    ["a zlib stream without its end", packed(3, 14, deflateSync(small).subarray(0, -6)), nameOf(14, small)],
  ])("about an object that holds %s gets an error", async (_what, object, name) => {
    const list = packList([file("a", { object: name, places: [[0, object.length]] })]);
    const { read, storage } = setUp([], { tar: checkpointTar(object, list) });
    await expect(read("a")).rejects.toMatchObject({ code: "conflict" });
    expect(storage.open).toBe(0);
  });

  it.each([
    ["larger than is made in memory", 17 * MiB, 0],
    ["made in more steps than may be in all", 9, 210_000],
  ])("about a change of another object that is %s gets an error", async (_what, size, steps) => {
    const whole = packed(3, size, deflateSync(Buffer.alloc(size)));
    // Sizes of the one before and of what is made, then one byte of its own at a time.
    const made = steps === 0 ? [9, 0] : [9, 0x80 | (steps % 128), 0x80 | ((steps >> 7) % 128), steps >> 14];
    const delta = Buffer.concat([Buffer.from(made), Buffer.alloc(2 * steps, 1)]);
    const change = packed(6, delta.length, Buffer.concat([Buffer.from([1]), deflateSync(delta)]));
    const places = [
      [whole.length, change.length],
      [0, whole.length],
    ];
    const { read, storage } = setUp([], {
      tar: checkpointTar(Buffer.concat([whole, change]), packList([file("a", { places })])),
    });
    await expect(read("a")).rejects.toMatchObject({
      code: "conflict",
      message: expect.stringContaining("too large"),
    });
    expect(storage.open).toBe(0);
  });

  it.each<[string, Buffer]>([
    ["is no zstd", Buffer.from("nonsense")],
    ["is cut", packList(ENTRIES).subarray(0, 40)],
    ["is of another version", packList(ENTRIES, { v: 2 })],
    ["has no first line", zstdCompressSync("")],
    ["has a last line without an end", zstdCompressSync(`{"v":1,"base":null,"truncated":false}`)],
    ["names no object", packList([{ path: "a", kind: "file", mode: 0o644 }])],
    ["names a file of another kind", packList([file("a", { kind: "device" })])],
    ["has a place before the bundle", packList([file("a", { places: [[-1, 4]] })])],
    ["has a place between two bytes", packList([file("a", { places: [[0.5, 4]] })])],
    ["unpacks to gigabytes", zstdCompressSync(Buffer.alloc(80 * MiB, "\n"))],
    ["has a line without end", packList([file("a", { target: "x".repeat(70_000) })])],
    ...["/etc/passwd", "../up", "a/../../up", "a//b", "./a", "a/.", "a\0b", "", "a/", "x".repeat(5000)].map(
      (path): [string, Buffer] => [`names ${JSON.stringify(path).slice(0, 20)}`, packList([file(path, {})])],
    ),
  ])("that %s is refused", async (_what, list) => {
    await expect(setUp([], { list }).list()).rejects.toMatchObject({
      code: "conflict",
      next: expect.any(String),
    });
  });

  it("never leads to other bytes, whichever byte of the checkpoint is another one", async () => {
    const tar = checkpointTar(bundle, packList([file("a", { ...SMALL })]));
    const end = tar.length - bundle.length + offset + length;
    const flip = fc.record({ at: fc.nat({ max: end }), to: fc.integer({ min: 1, max: 255 }) });
    await fc.assert(
      fc.asyncProperty(flip, async ({ at, to }) => {
        const bad = Buffer.from(tar);
        bad.writeUInt8((bad[at] ?? 0) ^ to, at);
        const { read, storage } = setUp([], { tar: bad });
        const found = await read("a").catch((error: unknown) => error);
        if (isAgencyError(found)) expect(["conflict", "not_found"]).toContain(found.code);
        else expect(found).toMatchObject({ content: small });
        expect(storage.open).toBe(0);
      }),
      { numRuns: 500 },
    );
  });

  it("names each path once, the first time, and says that something is missing", async () => {
    const twice = [file("a", { ...SMALL }), file("a", { ...LARGE }), { path: "a", change: "deleted" }];
    const { list, read } = setUp(twice);
    expect(await list()).toMatchObject({ files: [{ path: "a" }], deleted: [], truncated: true });
    expect((await read("a")).content).toEqual(small);
  });

  it("that names more places than may be in all is refused, however few each file has", async () => {
    const places = Array.from({ length: MAX_DELTAS + 1 }, () => [1, 1]);
    const files = Math.floor(MAX_CHECKPOINT_LIST.places / places.length) + 1;
    const { list } = setUp(Array.from({ length: files }, (_, at) => file(`f${at}`, { places })));
    await expect(list()).rejects.toMatchObject({
      code: "conflict",
      message: expect.stringContaining("names too many places"),
    });
  });

  it("holds as many files as may be, and not one more", { timeout: 60_000 }, async () => {
    const entries = Array.from({ length: MAX_CHECKPOINT_FILES }, (_, at) =>
      file(`d${at % 300}/f${at}`, { object: at.toString(16).padStart(40, "0"), bytes: at }),
    );
    const { list } = setUp(entries);
    expect(await list({ after: "d299/", limit: 1 })).toMatchObject({
      files: [{ path: "d299/f100199" }],
      nextAfter: "d299/f100199",
    });
    const tooMany = setUp([...entries, file("one/more", {})]);
    await expect(tooMany.list()).rejects.toMatchObject({ code: "conflict" });
  });
});
