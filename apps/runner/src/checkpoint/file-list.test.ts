import { createHash, randomBytes } from "node:crypto";
import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inflateSync, zstdDecompressSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  CHECKPOINT_ENTRIES,
  checkpointListEntrySchema,
  checkpointListHeadSchema,
  MAX_CHECKPOINT_FILES,
  MAX_CHECKPOINT_LIST,
} from "@agency/contract";
import type { CheckpointListEntry, CheckpointListHead } from "@agency/contract";
import type { GitCall } from "../workspace/git.ts";
import { openLabWorkspace, treeBelow } from "../testing/checkpoint-lab.ts";
import type { LabWorkspace } from "../testing/checkpoint-lab.ts";
import { git } from "../testing/git-server.ts";
import type { Captured } from "./capture.ts";
import { packFileList } from "./file-list.ts";
import { bundleSnapshot } from "./pack-snapshot.ts";
import { snapshotFiles } from "./snapshot-workspace.ts";
import { listTar } from "./tar.ts";

const CALL = { timeoutMs: 60_000, signal: new AbortController().signal };

type Standing = Exclude<CheckpointListEntry, { change: "deleted" }>;

interface Listed extends CheckpointListHead {
  readonly files: ReadonlyMap<string, Standing>;
  readonly deleted: readonly string[];
  /** What lies where the list says it does. */
  read(path: string): Buffer;
}

async function listOf({ packed }: Captured): Promise<Listed> {
  const tar = readFileSync(packed.file);
  const entries = await listTar(async (from, bytes) => tar.subarray(from, from + bytes), tar.length);
  expect(entries.slice(0, 3).map(({ name }) => name)).toEqual([
    CHECKPOINT_ENTRIES.manifest,
    CHECKPOINT_ENTRIES.files,
    CHECKPOINT_ENTRIES.bundle,
  ]);
  const [, list, bundle] = entries.map(({ start, bytes }) => tar.subarray(start, start + bytes));
  const lines = zstdDecompressSync(list ?? "")
    .toString()
    .trimEnd()
    .split("\n");
  const [head, ...rest] = lines.map((line): unknown => JSON.parse(line));
  const all = rest.map((entry) => checkpointListEntrySchema.parse(entry));
  const files = new Map(all.flatMap((one) => (one.change === "deleted" ? [] : [[one.path, one] as const])));
  return {
    ...checkpointListHeadSchema.parse(head),
    files,
    deleted: all.flatMap(({ path, change }) => (change === "deleted" ? [path] : [])),
    read: (path) => blobAt(bundle ?? Buffer.alloc(0), files.get(path)),
  };
}

function blobAt(bundle: Buffer, entry: Standing | undefined): Buffer {
  const [[offset, length] = [0, 0], ...others] = entry?.places ?? [];
  expect(others, "nothing it is made from").toEqual([]);
  const object = bundle.subarray(offset, offset + length);
  expect(((object[0] ?? 0) >> 4) & 7, "a blob, not a delta").toBe(3);
  const content = inflateSync(object.subarray(object.findIndex((byte) => (byte & 0x80) === 0) + 1));
  const hash = createHash(entry?.object.length === 64 ? "sha256" : "sha1").update(`blob ${content.length}\0`);
  expect(hash.update(content).digest("hex")).toBe(entry?.object);
  return content;
}

describe("the list of a checkpoint's files", () => {
  let root: string;
  let origin: string;
  const url = (): string => `file://${origin}`;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), "agency-file-list-"));
    origin = join(root, "origin");
    mkdirSync(origin);
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  function seed(format = "sha1"): void {
    git(origin, "init", "--quiet", "-b", "main", `--object-format=${format}`);
    mkdirSync(join(origin, "src"));
    for (const name of ["same.txt", "changed.txt", "gone.txt", "src/moved.txt"])
      writeFileSync(join(origin, name), `${name}\n`.repeat(2_000));
    symlinkSync("same.txt", join(origin, "old-link"));
    git(origin, "add", "--all");
    git(origin, "commit", "--quiet", "-m", "base");
  }

  async function take(one: LabWorkspace): Promise<Captured> {
    const captured = await one.take();
    if (captured === null) throw new Error("There was nothing to take.");
    return captured;
  }

  it.each(["sha1", "sha256"])("leads to every file that changed, byte for byte (%s)", async (format) => {
    seed(format);
    const one = await openLabWorkspace(join(root, "one"), { url: url() });
    const at = (path: string): string => join(one.workspace, path);
    const large = randomBytes(17 * 1024 * 1024);
    const odd = Buffer.concat([Buffer.from(`${one.workspace}/src/`), Buffer.from([0xff, 0x41])]);
    appendFileSync(at("changed.txt"), "and one line more\n");
    rmSync(at("gone.txt"));
    renameSync(at("src/moved.txt"), at("new name.txt"));
    writeFileSync(at("large.bin"), large);
    writeFileSync(odd, "an odd name\n");
    writeFileSync(at("empty"), "");
    writeFileSync(at("run.sh"), "#!/bin/sh\n");
    chmodSync(at("run.sh"), 0o755);
    symlinkSync("../somewhere/else", at("link"));
    const captured = await take(one);
    const { files, deleted, base, truncated, read } = await listOf(captured);
    expect({ base, truncated, deleted }).toEqual({
      base: one.base,
      truncated: false,
      deleted: ["gone.txt", "src/moved.txt"],
    });
    const plain = { kind: "file", mode: 0o644 };
    const shown = Object.fromEntries(
      [...files].map(([path, { object, places, ...rest }]) => {
        expect(object).toHaveLength(format === "sha1" ? 40 : 64);
        return [path, { ...rest, isHere: places !== undefined }];
      }),
    );
    const moved = "src/moved.txt\n".repeat(2_000);
    const oddName = "src/\u{fffd}A";
    expect(shown).toEqual({
      "same.txt": { ...plain, path: "same.txt", bytes: 18_000, isHere: false },
      "old-link": {
        path: "old-link",
        kind: "link",
        mode: 0o777,
        bytes: 8,
        target: "same.txt",
        isHere: false,
      },
      "changed.txt": { ...plain, path: "changed.txt", bytes: 24_018, change: "modified", isHere: true },
      // Its content is in the repository under its old name.
      "new name.txt": { ...plain, path: "new name.txt", bytes: moved.length, change: "added", isHere: false },
      "large.bin": { ...plain, path: "large.bin", bytes: large.length, change: "added", isHere: true },
      [oddName]: {
        ...plain,
        path: oddName,
        pathBytes: Buffer.concat([Buffer.from("src/"), Buffer.from([0xff, 0x41])]).toString("base64"),
        bytes: 12,
        change: "added",
        isHere: true,
      },
      empty: { ...plain, path: "empty", bytes: 0, change: "added", isHere: true },
      "run.sh": { ...plain, path: "run.sh", mode: 0o755, bytes: 10, change: "added", isHere: true },
      link: {
        path: "link",
        kind: "link",
        mode: 0o777,
        bytes: 17,
        target: "../somewhere/else",
        change: "added",
        isHere: true,
      },
    });
    for (const path of ["changed.txt", "large.bin", "empty", "run.sh"])
      expect(read(path).equals(readFileSync(at(path))), path).toBe(true);
    expect(read(oddName).toString()).toBe("an odd name\n");
    expect(read("link").toString()).toBe("../somewhere/else");
    const two = await openLabWorkspace(join(root, "two"), { url: url() });
    expect(await two.restore(one, captured)).toMatchObject({ ok: true });
    expect(treeBelow(two.workspace)).toEqual(treeBelow(one.workspace));
  });

  it("leads to every file where nothing is published, and where the agent made commits and packed them", async () => {
    const one = await openLabWorkspace(join(root, "one"));
    const at = (path: string): string => join(one.workspace, path);
    for (let round = 1; round <= 3; round += 1) {
      writeFileSync(at("long.txt"), `${randomBytes(20_000).toString("hex")}\n`.repeat(round));
      git(one.workspace, "add", "--all");
      git(one.workspace, "commit", "--quiet", "-m", `round ${round}`);
    }
    git(one.workspace, "gc", "--quiet");
    appendFileSync(at("long.txt"), "and a line that is not committed\n");
    writeFileSync(at("new.txt"), "new\n");
    const captured = await take(one);
    const { files, read } = await listOf(captured);
    expect([...files.values()].map(({ path, change }) => [path, change])).toEqual([
      ["long.txt", "added"],
      ["new.txt", "added"],
    ]);
    for (const path of files.keys()) expect(read(path).equals(readFileSync(at(path))), path).toBe(true);
    const two = await openLabWorkspace(join(root, "two"));
    expect(await two.restore(one, captured)).toMatchObject({ ok: true, hasCommits: true });
    expect(treeBelow(two.workspace)).toEqual(treeBelow(one.workspace));
  });

  it("is of all files, compared with nothing, when the agent destroyed its repository", async () => {
    seed();
    const one = await openLabWorkspace(join(root, "one"), { url: url() });
    rmSync(join(one.workspace, ".git"), { recursive: true });
    const { files, base, read } = await listOf(await take(one));
    expect(base).toBeNull();
    expect([...files.keys()]).toEqual(["changed.txt", "gone.txt", "old-link", "same.txt", "src/moved.txt"]);
    for (const path of ["changed.txt", "src/moved.txt"])
      expect(read(path)).toEqual(readFileSync(join(one.workspace, path)));
  });

  it("goes with a bundle that git takes where HEAD went back in history and in a shallow clone", async () => {
    seed();
    for (const name of ["later", "latest"]) {
      writeFileSync(join(origin, `${name}.txt`), `${name}\n`);
      git(origin, "add", "--all");
      git(origin, "commit", "--quiet", "-m", name);
    }
    const one = await openLabWorkspace(join(root, "one"), { url: url() });
    git(one.workspace, "fetch", "--quiet", "--depth=2", "origin", "main");
    expect(git(one.workspace, "rev-parse", "--is-shallow-repository")).toBe("true");
    git(one.workspace, "checkout", "--quiet", "--detach", "HEAD~1");
    writeFileSync(join(one.workspace, "own.txt"), "own\n");
    git(one.workspace, "add", "own.txt");
    git(one.workspace, "commit", "--quiet", "-m", "beside it");
    writeFileSync(join(one.workspace, "b.txt"), "b\n");
    const captured = await take(one);
    const { files, deleted, read } = await listOf(captured);
    expect(deleted).toEqual(["latest.txt"]);
    expect(files.get("same.txt")).not.toHaveProperty("change");
    expect(read("own.txt").toString()).toBe("own\n");
    const two = await openLabWorkspace(join(root, "two"), { url: url() });
    expect(await two.restore(one, captured)).toMatchObject({ ok: true, hasCommits: true });
    expect(treeBelow(two.workspace)).toEqual(treeBelow(one.workspace));
  });

  it("names no submodules", async () => {
    seed();
    git(origin, "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", url(), "sub");
    git(origin, "commit", "--quiet", "-m", "with a submodule");
    const one = await openLabWorkspace(join(root, "one"), { url: url() });
    writeFileSync(join(one.workspace, "b.txt"), "b\n");
    const { files } = await listOf(await take(one));
    expect([...files.keys()]).toContain(".gitmodules");
    expect([...files.keys()]).not.toContain("sub");
  });

  it("leads through what git packed as changes, where the bundle holds a history", async () => {
    const lines = Array.from({ length: 20_000 }, (_, at) => `line ${at} ${(at * 2_654_435_761) % 99_991}\n`);
    const one = await openLabWorkspace(join(root, "one"));
    const names = ["a.txt", "b.txt"] as const;
    for (let version = 0; version < 8; version += 1) {
      for (const name of names)
        writeFileSync(join(one.workspace, name), [...lines.slice(version), `${name} ${version}\n`].join(""));
      git(one.workspace, "add", "--all");
      git(one.workspace, "commit", "--quiet", "-m", `version ${version}`);
    }
    writeFileSync(join(one.workspace, "b.txt"), [...lines.slice(2), "another end\n"].join(""));
    const captured = await take(one);
    // Eighteen files of 300 KB.
    expect(captured.packed.bytes).toBeLessThan(500_000);
    const { files } = await listOf(captured);
    const chains = names.map((name) => files.get(name)?.places?.length ?? 0);
    expect(Math.min(...chains)).toBeGreaterThan(0);
    expect(Math.max(...chains), "a change of another").toBeGreaterThan(1);
  });

  it("is without places where only changes of what the repository has keep the bundle small", async () => {
    git(origin, "init", "--quiet", "-b", "main");
    writeFileSync(join(origin, "large.bin"), randomBytes(3 * 1024 * 1024));
    git(origin, "add", "--all");
    git(origin, "commit", "--quiet", "-m", "base");
    const one = await openLabWorkspace(join(root, "one"), { url: url() });
    appendFileSync(join(one.workspace, "large.bin"), "x");
    const { tree } = await snapshotFiles(one.store, CALL);
    const options = {
      tree,
      parent: one.base,
      also: {},
      without: one.base,
      message: "m",
      thinFromBytes: 1024,
    };
    const bundle = await bundleSnapshot(one.store, options, CALL);
    expect(bundle.bytes).toBeLessThan(10_000);
    expect((await bundle.places([git(one.workspace, "hash-object", "large.bin")])).size).toBe(0);
    git(origin, "fetch", "--quiet", bundle.pack, "refs/agency/checkpoint");
    expect(git(origin, "rev-parse", "FETCH_HEAD^{tree}")).toBe(tree);
  });

  it("goes with the larger bundle where the smallest cannot be made, for want of memory or time", async () => {
    seed();
    const one = await openLabWorkspace(join(root, "one"), { url: url() });
    appendFileSync(join(one.workspace, "changed.txt"), "x");
    const { tree } = await snapshotFiles(one.store, CALL);
    const { ours } = one.store;
    const store = {
      ...one.store,
      ours: (args: readonly string[], call: GitCall) =>
        ours(args.includes("bundle") ? ["killed"] : args, call),
    };
    const about = { tree, parent: one.base, also: {}, without: one.base, message: "m" };
    const bundle = await bundleSnapshot(store, { ...about, thinFromBytes: 0 }, CALL);
    expect((await bundle.places([git(one.workspace, "hash-object", "changed.txt")])).size).toBe(1);
  });

  it("takes the room of no packing that was killed", async () => {
    seed();
    const one = await openLabWorkspace(join(root, "one"), { url: url() });
    const left = join(one.store.folder, "objects", "pack", "tmp_pack_killed");
    mkdirSync(join(one.store.folder, "objects", "pack"), { recursive: true });
    writeFileSync(left, "half");
    writeFileSync(join(one.workspace, "new.txt"), "new\n");
    await take(one);
    expect(existsSync(left)).toBe(false);
  });

  it("stops where a reader would stop, and says so", async () => {
    const target = "x".repeat(3300);
    const entries = Array.from({ length: 20_000 }, (_, at): CheckpointListEntry => ({
      path: `link-${at}`,
      kind: "link",
      mode: 0o777,
      target,
      object: at.toString(16).padStart(40, "0"),
    }));
    const places = async (objects: Iterable<string>) =>
      new Map(
        [...objects].map((object) => [
          object,
          Array.from({ length: 25 }, (_, at): [number, number] => [at, 1]),
        ]),
      );
    const list = await packFileList({ entries, base: null, truncated: false }, places);
    const [head = "", ...lines] = zstdDecompressSync(list ?? "")
      .toString()
      .trimEnd()
      .split("\n");
    expect(JSON.parse(head)).toMatchObject({ truncated: true });
    expect(lines.length).toBeLessThan(entries.length);
    expect(lines.filter((line) => line.includes("places")).length).toBe(MAX_CHECKPOINT_LIST.places / 25);
  });

  it("of as many files as may be listed is small", async () => {
    const entries = Array.from({ length: MAX_CHECKPOINT_FILES }, (_, at): CheckpointListEntry => ({
      path: `packages/p${at % 300}/src/file-${at}.ts`,
      kind: "file",
      mode: 0o644,
      bytes: at,
      object: createHash("sha1").update(String(at)).digest("hex"),
    }));
    const list = await packFileList({ entries, base: null, truncated: false }, async () => new Map());
    expect(list?.length).toBeLessThan(12 * 1024 * 1024);
  });
});
