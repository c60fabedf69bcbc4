import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  chmodSync,
  closeSync,
  ftruncateSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { zstdDecompressSync } from "node:zlib";
import { archiveManifestSchema } from "@agency/contract";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { WorkRoom } from "../../testing/work-room.ts";
import { openPlainFile } from "./read-file.ts";
import { listWorkspace } from "./list-workspace.ts";
import { walkWorkspace } from "./walk-workspace.ts";
import { TRUNCATED, writeArchive } from "./write-archive.ts";
import type { WrittenArchive } from "./write-archive.ts";

const LIMITS = { maxBytes: 2 * 1024 ** 3, maxFiles: 200_000, now: 0 };
const LARGE = Buffer.from(Array.from({ length: 300_000 }, (_, at) => `line ${at * 7919}\n`).join(""));

describe("the archive of a workspace", () => {
  let room: WorkRoom;
  beforeEach(async () => {
    room = await WorkRoom.open();
  });
  afterEach(() => room.close());

  const to = (): string => join(room.root, "archive.tar.zst");
  async function list(): Promise<{ paths: readonly Buffer[]; complete: boolean }> {
    const listing = await listWorkspace(room.parts.git, room.workspace, room.signal);
    if (!listing.ok) throw new Error(listing.problem);
    return listing;
  }
  async function write(part: Partial<typeof LIMITS> = {}): Promise<WrittenArchive> {
    const { signal, workspace } = room;
    return writeArchive({ ...(await list()), ...LIMITS, ...part, signal, workspace, to: to() });
  }
  /** With the system's own programs: they are the judges. */
  function unpack(): string {
    const folder = join(room.root, "unpacked");
    mkdirSync(folder);
    const script = `zstd -q -dc ${to()} | tar -xf - -C ${folder}`;
    const { status, stderr } = spawnSync("sh", ["-c", script], { encoding: "utf8" });
    if (status !== 0 || stderr !== "") throw new Error(`apt-get install tar zstd? ${stderr}`);
    return folder;
  }
  function fromManifest(archive: WrittenArchive, path: string): Buffer {
    const { files } = archiveManifestSchema.parse(JSON.parse(JSON.stringify(archive.manifest)));
    const entry = files.find((file) => file.path === path);
    if (entry === undefined) throw new Error(`${path} is not in the manifest.`);
    if (entry.bytes === 0) return Buffer.alloc(0);
    const frames = readFileSync(to()).subarray(entry.offset, entry.offset + entry.length);
    return zstdDecompressSync(frames).subarray(entry.skip, entry.skip + entry.bytes);
  }

  /** Names of the same length: git itself writes none of these. */
  function forgeIndex(names: Record<string, string>): void {
    const path = join(room.workspace, ".git", "index");
    const index = readFileSync(path).subarray(0, -20);
    for (const [name, forged] of Object.entries(names)) index.write(forged, index.indexOf(`${name}\0`));
    writeFileSync(path, Buffer.concat([index, createHash("sha1").update(index).digest()]));
  }

  it("holds what git does not ignore, as tar and zstd read it", async () => {
    room.write(".gitignore", "node_modules\n");
    room.write("node_modules/x", "x");
    room.write("run.sh", "#!/bin/sh\n", 0o755);
    room.write("empty", "");
    room.write("large.txt", LARGE);
    symlinkSync("../../etc/passwd", join(room.workspace, "link"));
    room.run("add", "run.sh");
    const archive = await write();
    const folder = unpack();
    expect(readdirSync(folder).toSorted()).toEqual([
      ".gitignore",
      "a.txt",
      "empty",
      "large.txt",
      "link",
      "run.sh",
    ]);
    expect(readFileSync(join(folder, "large.txt")).equals(LARGE)).toBe(true);
    expect(lstatSync(join(folder, "run.sh")).mode & 0o777).toBe(0o755);
    expect(lstatSync(join(folder, "link")).isSymbolicLink()).toBe(true);
    expect(archive).toMatchObject({ leftOut: [], bytes: readFileSync(to()).length });
    expect(archive.manifest).toMatchObject({ v: 1, truncated: false });
  });

  it("gives out one file by decompressing only its frames", async () => {
    for (let at = 0; at < 60; at += 1) room.write(`many/${at}.txt`, `${at} `.repeat(20_000));
    room.write("large.txt", LARGE);
    room.write("zero", "");
    const archive = await write();
    expect(fromManifest(archive, "many/37.txt").toString()).toBe("37 ".repeat(20_000));
    expect(fromManifest(archive, "large.txt").equals(LARGE)).toBe(true);
    expect(fromManifest(archive, "zero")).toHaveLength(0);
    const small = archive.manifest.files.find(({ path }) => path === "many/37.txt");
    expect(small?.length).toBeLessThan(archive.bytes / 2);
  });

  it("keeps names of every kind, their bytes included", async () => {
    const names = ["new\nline", "-rf", "ü".repeat(60), `${"deep/".repeat(60)}${"n".repeat(200)}`, "a b\\c"];
    for (const name of names) room.write(name, name);
    const raw = Buffer.from([0x66, 0xff, 0xfe, 0x2e, 0x78]);
    const long = Buffer.concat([Buffer.alloc(120, 0x79), raw]);
    for (const name of [raw, long])
      writeFileSync(Buffer.concat([Buffer.from(`${room.workspace}/`), name]), "raw");
    const { manifest } = await write();
    const odd = manifest.files.filter(({ pathBytes }) => pathBytes !== undefined);
    expect(new Set(odd.map(({ pathBytes }) => pathBytes))).toEqual(
      new Set([raw, long].map((name) => name.toString("base64"))),
    );
    const folder = join(room.root, "unpacked");
    mkdirSync(folder);
    // tar says on stderr that it knows no hdrcharset, and takes the bytes as they are.
    spawnSync("sh", ["-c", `zstd -q -dc ${to()} | tar -xf - -C ${folder}`]);
    for (const name of names) expect(readFileSync(join(folder, name), "utf8")).toBe(name);
    for (const name of [raw, long])
      expect(readFileSync(Buffer.concat([Buffer.from(`${folder}/`), name]), "utf8")).toBe("raw");
  });

  it("never looks behind a link, also where a folder was", async () => {
    room.write("folder/passwd", "mine");
    room.run("add", "--all");
    rmSync(join(room.workspace, "folder"), { recursive: true });
    symlinkSync("/etc", join(room.workspace, "folder"));
    const { manifest } = await write();
    expect(manifest.files.map(({ path }) => path)).toEqual(["a.txt", "folder"]);
    expect(manifest.files[1]).toMatchObject({ kind: "link", target: "/etc" });
  });

  it("leaves out what is too large, unreadable or no file, with a marker, at once", async () => {
    const file = openSync(join(room.workspace, "sparse"), "w");
    ftruncateSync(file, 5 * 1024 ** 3);
    closeSync(file);
    room.write("closed", "x", 0);
    chmodSync(join(room.workspace, "closed"), 0);
    spawnSync("mkfifo", [join(room.workspace, "pipe")]);
    room.run("update-index", "--add", "--cacheinfo", `100644,${room.run("hash-object", "-w", "a.txt")},pipe`);
    const archive = await write();
    const left = archive.leftOut.join("\n");
    expect(left).toContain('"sparse": 5368709120 bytes');
    expect(left).toContain('"pipe": not a file');
    // Nothing is closed to root.
    if (process.getuid?.() !== 0) expect(left).toContain('"closed": cannot be read');
    expect(archive.manifest.truncated).toBe(true);
    const marker = readFileSync(join(unpack(), TRUNCATED), "utf8");
    expect(marker).toContain("5368709120");
    expect(fromManifest(archive, TRUNCATED).toString()).toBe(marker);
  });

  it("stops at its size and at its number of files", async () => {
    for (const name of ["b", "c", "d"]) room.write(name, "12345");
    expect((await write({ maxBytes: 10 })).leftOut.map((line) => line.slice(0, 3))).toEqual(['"c"', '"d"']);
    expect((await write({ maxFiles: 2 })).leftOut).toHaveLength(2);
  });

  it("is whole when files vanish and change while it is written", async () => {
    room.write("b", "12345");
    room.write("c", "gone");
    room.write("d", "1");
    const { paths } = await list();
    const { signal, workspace } = room;
    function* changing(): Generator<Buffer> {
      for (const path of paths) {
        if (path.toString() === "b") {
          rmSync(join(workspace, "c"));
          room.write("d", LARGE);
        }
        yield path;
      }
    }
    const { manifest } = await writeArchive({
      ...LIMITS,
      workspace,
      to: to(),
      complete: true,
      signal,
      paths: changing(),
    });
    expect(manifest.files.map(({ path }) => path)).toEqual(["a.txt", "b", "d"]);
    expect(readFileSync(join(unpack(), "d")).equals(LARGE)).toBe(true);
  });

  it("has zeros where a file has become shorter than was promised", () => {
    room.write("b", "12345");
    const path = join(room.workspace, "b");
    const file = openPlainFile(Buffer.from(path));
    truncateSync(path, 2);
    const into = Buffer.from("xxxxx");
    file?.read(into);
    expect(into.toString()).toBe("12\0\0\0");
    file?.close();
    expect(openPlainFile(Buffer.from(room.workspace))).toBeNull();
  });

  it("holds the files of a repository inside, not its .git", async () => {
    room.write("inner/file.txt", "i");
    room.write("inner/.gitignore", "secret\n");
    room.write("inner/secret", "s");
    room.run("-C", "inner", "init", "--quiet");
    const { manifest } = await write();
    expect(manifest.files.map(({ path, kind }) => `${kind} ${path}`)).toEqual([
      "file a.txt",
      "folder inner",
      "file inner/.gitignore",
      "file inner/file.txt",
    ]);
  });

  it("holds the files of a folder once where a file of that name was, and those of a tracked repository", async () => {
    room.write("folder", "f");
    room.write("module/file.txt", "m");
    room.run("-C", "module", "init", "--quiet");
    room.run("-C", "module", "add", "--all");
    room.run("-C", "module", "commit", "--quiet", "--message", "m");
    room.run("add", "--all");
    rmSync(join(room.workspace, "folder"));
    room.write("folder/in.txt", "i");
    room.write("H 100644 0 0\tnot-tracked", "n");
    const { manifest } = await write();
    expect(manifest.files.map(({ path, kind }) => `${kind} ${path}`)).toEqual([
      "file H 100644 0 0\tnot-tracked",
      "file a.txt",
      "folder folder",
      "file folder/in.txt",
      "folder module",
      "file module/file.txt",
    ]);
  });

  it("is whole where nobody fetched a submodule, and holds what was put into its folder", async () => {
    for (const name of ["empty", "filled"]) {
      mkdirSync(join(room.workspace, name));
      room.run("update-index", "--add", "--cacheinfo", `160000,${room.head},${name}`);
    }
    room.write(".gitignore", "*.o\n");
    room.write("filled/in/file.txt", "f");
    room.write("filled/file.o", "ignored");
    const { manifest, leftOut } = await write();
    expect(leftOut).toEqual([]);
    expect(manifest.files.map(({ path, kind }) => `${kind} ${path}`)).toEqual([
      "file .gitignore",
      "file a.txt",
      "folder empty",
      "folder filled",
      "file filled/in/file.txt",
    ]);
  });

  it("holds the files of a repository that conflicts with a file", async () => {
    room.write("module/file.txt", "m");
    room.run("-C", "module", "init", "--quiet");
    const info = `100644 ${room.run("hash-object", "-w", "a.txt")} 2\tmodule\n160000 ${room.head} 3\tmodule\n`;
    spawnSync("git", ["update-index", "--index-info"], { cwd: room.workspace, input: info });
    const { manifest } = await write();
    expect(manifest.files.map(({ path }) => path)).toEqual(["a.txt", "module", "module/file.txt"]);
  });

  it("leads nobody who unpacks it out of the folder or into a .git, whatever the index says", async () => {
    const forged = { "AA/outside": "../outside", "xgit/config": ".git/config", "b/Xgit/x": "b/.Git/x" };
    writeFileSync(join(room.root, "outside"), "o");
    for (const path of Object.keys(forged)) room.write(path, "x");
    room.run("add", "--all");
    for (const path of ["AA", "xgit", "b"]) rmSync(join(room.workspace, path), { recursive: true });
    room.write("b/.Git/x", "x");
    forgeIndex(forged);
    const archive = await write();
    expect(archive.manifest.files.map(({ path }) => path)).toEqual(["a.txt", TRUNCATED]);
    for (const path of Object.values(forged)) expect(archive.leftOut.join("\n")).toContain(`"${path}"`);
  });

  it("holds files of every name, and links, where git cannot list them", async () => {
    const raw = Buffer.from([0x66, 0xff, 0x2e]);
    for (const name of ["folder/in.txt", "inner/.git/config", ".gitignore"]) room.write(name, "x");
    writeFileSync(Buffer.concat([Buffer.from(`${room.workspace}/`), raw]), "raw");
    mkdirSync(Buffer.concat([Buffer.from(`${room.workspace}/folder/`), raw]));
    writeFileSync(Buffer.concat([Buffer.from(`${room.workspace}/folder/`), raw, Buffer.from("/x")]), "x");
    symlinkSync("/etc", join(room.workspace, "link"));
    const { signal, workspace } = room;
    expect(await walkWorkspace(workspace, AbortSignal.abort())).toMatchObject({ complete: false });
    const walked = await walkWorkspace(workspace, signal);
    expect(walked.complete).toBe(true);
    expect(walked.paths.map((path) => path.toString("latin1"))).toEqual([
      ".gitignore",
      "a.txt",
      "folder/f\u00FF./x",
      "folder/in.txt",
      "f\u00FF.",
      "link",
    ]);
    const { manifest } = await writeArchive({ ...walked, ...LIMITS, workspace, signal, to: to() });
    expect(manifest.files).toHaveLength(6);
  });

  it("is given up when there is no time left", async () => {
    const { workspace } = room;
    const options = { ...(await list()), ...LIMITS, workspace, to: to(), signal: AbortSignal.abort() };
    await expect(writeArchive(options)).rejects.toThrow("abort");
  });
});
