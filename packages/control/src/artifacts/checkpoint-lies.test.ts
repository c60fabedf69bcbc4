import { createHash } from "node:crypto";
import { deflateSync, zstdCompressSync } from "node:zlib";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isAgencyError, MAX_CHECKPOINT_FILES, MAX_CHECKPOINT_LIST, MAX_DELTAS } from "@agency/contract";
import { small, ENTRIES, file, MiB, bundle, SMALL, LARGE, setUp } from "../testing/checkpoint-ground.ts";
import { checkpointTar, packList } from "../testing/sample-checkpoint.ts";

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
