import { randomBytes } from "node:crypto";
import { describe, expect, it, vi } from "vitest";
import type { RepositoryObjects } from "@agency/core";
import {
  small,
  empty,
  large,
  ELSEWHERE,
  ENTRIES,
  file,
  MiB,
  bundle,
  setUp,
} from "../testing/checkpoint-ground.ts";
import { checkpointTar, packBlobs, packList } from "../testing/sample-checkpoint.ts";
import { listCheckpointFiles, readCheckpointFile } from "./checkpoint-files.ts";

/** A header and not a byte of what it promises. */
const tarOf = (name: string, size: number): Buffer => {
  const header = Buffer.alloc(512);
  header.write(name);
  header.write(`${size.toString(8).padStart(11, "0")}\0`, 124);
  header.write("0", 156);
  return header;
};

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

  it("are checked no longer than somebody waits for them", async () => {
    const { deps, storage, list } = setUp();
    await list();
    const [asked, stuck] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const read = storage.read.bind(storage);
    storage.read = async (...call) => {
      asked.resolve();
      await stuck.promise;
      return read(...call);
    };
    const client = new AbortController();
    const reading = readCheckpointFile(deps, "a", "t", 1, "large.bin", client.signal);
    await asked.promise;
    client.abort("it has gone");
    await expect(reading).rejects.toMatchObject({ code: "invalid_request" });
    stuck.resolve();
    storage.read = read;
    const both = [1, 2].map(() => readCheckpointFile(deps, "a", "t", 1, "large.bin"));
    expect(await Promise.all(both)).toHaveLength(2);
    expect(storage.open).toBe(0);
  });

  it("are not looked for when nobody waits any more", async () => {
    const { deps, storage, list } = setUp();
    await list();
    const gone = readCheckpointFile(deps, "a", "t", 1, "large.bin", AbortSignal.abort());
    await expect(gone).rejects.toMatchObject({ code: "invalid_request" });
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
