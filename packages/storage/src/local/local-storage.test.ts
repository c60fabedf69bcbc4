import { storageSuite } from "@agency/testing";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rename, rm, stat, symlink, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openLocalStorage } from "./local-storage.ts";

const module = JSON.stringify(new URL("local-storage.ts", import.meta.url).href);
const bytes = (text: string) => new TextEncoder().encode(text);

async function scratch(): Promise<string> {
  return mkdtemp(join(tmpdir(), "agency-storage-"));
}

storageSuite("local storage", async () => {
  const root = await scratch();
  return { storage: await openLocalStorage(root), close: () => rm(root, { recursive: true }) };
});

describe("local storage", () => {
  let root: string;

  beforeEach(async () => {
    root = await scratch();
  });
  afterEach(() => rm(root, { recursive: true, force: true }));

  it("lets only its own user read anything", async () => {
    const folder = join(root, "new", "storage");
    const storage = await openLocalStorage(folder);
    await storage.put("a/b/c", bytes("secret"));
    const entries = await readdir(folder, { recursive: true });
    const modes = await Promise.all(
      ["", ...entries].map(async (name) => (await stat(join(folder, name))).mode & 0o777),
    );
    expect(new Set(modes)).toEqual(new Set([0o600, 0o700]));
    expect((await stat(join(folder, "a+", "b+", "c"))).mode & 0o777).toBe(0o600);
  });

  it("is the same storage when it is opened again", async () => {
    await (await openLocalStorage(root)).put("a/b", bytes("kept"));
    expect(await (await openLocalStorage(root)).get("a/b")).toEqual(bytes("kept"));
  });

  it("follows no link out of its folder, be it an object or a folder on the way to one", async () => {
    const outside = await scratch();
    const storage = await openLocalStorage(root);
    await (await openLocalStorage(outside)).put("secret", bytes("not ours"));
    await symlink(join(outside, "secret"), join(root, "link"));
    await symlink(outside, join(root, "f+"));
    const refused = { code: "unavailable" };
    await expect(storage.get("link")).rejects.toMatchObject(refused);
    for (const call of [
      () => storage.get("f/secret"),
      () => storage.stat("f/secret"),
      () => storage.put("f/new", bytes("x")),
      () => storage.put("f/deep/new", bytes("x")),
      () => storage.delete("f/secret"),
      () => storage.list("f"),
      () => storage.deletePrefix("f"),
    ])
      await expect(call()).rejects.toMatchObject({
        ...refused,
        message: expect.stringContaining("is a link"),
      });
    await storage.put("g/real", bytes("x"));
    await symlink(outside, join(root, "g+", "f+"));
    expect((await storage.list("g")).objects.map(({ key }) => key)).toEqual(["g/real"]);
    await storage.deletePrefix("g");
    await storage.put("link", bytes("ours"));
    expect(await storage.get("link")).toEqual(bytes("ours"));
    expect((await readdir(outside)).sort()).toEqual(["secret", "~work"]);
    expect(await (await openLocalStorage(outside)).get("secret")).toEqual(bytes("not ours"));
    await rm(outside, { recursive: true });
  });

  it("refuses a folder of its own that is a link", async () => {
    const outside = await scratch();
    await symlink(outside, join(root, "~work"));
    await expect(openLocalStorage(root)).rejects.toMatchObject({ code: "unavailable" });
    await rm(outside, { recursive: true });
  });

  it.each([
    ["a byte of its content", (file: Buffer) => file.fill(1, 600, 601)],
    ["its end", (file: Buffer) => file.subarray(0, -1)],
    ["a byte of its header", (file: Buffer) => file.fill("x", 30, 31)],
    ["everything", () => Buffer.alloc(0)],
  ])("says that an object is damaged when it lost %s", async (_, damage) => {
    const storage = await openLocalStorage(root);
    await storage.put("a", new Uint8Array(1000));
    await writeFile(join(root, "a"), damage(await readFile(join(root, "a"))));
    await expect(storage.get("a")).rejects.toMatchObject({
      code: "unavailable",
      message: expect.stringContaining('"a" is damaged'),
    });
  });

  it("gives a damaged object to nobody as a whole one, not even to who only counts its bytes", async () => {
    const storage = await openLocalStorage(root);
    for (const size of [1, 40, 300_000]) {
      await storage.put("a", new Uint8Array(size));
      const file = await readFile(join(root, "a"));
      file[file.length - 1] = 7;
      await writeFile(join(root, "a"), file);
      let given = 0;
      const reading = async () => {
        for await (const piece of (await storage.read("a"))?.body ?? []) given += piece.byteLength;
      };
      await expect(reading()).rejects.toMatchObject({ code: "unavailable" });
      expect(given).toBeLessThan(size);
      const unchecked = await storage.read("a", {}, { unchecked: true });
      expect((await new Response(unchecked?.body).bytes()).at(-1)).toBe(7);
    }
  });

  it("leaves no draft of a write that failed", async () => {
    const storage = await openLocalStorage(root);
    const broken = async function* () {
      yield bytes("some");
      throw new Error("gone");
    };
    await expect(storage.write("a", broken())).rejects.toThrow("gone");
    await expect(storage.write("a", broken(), { bytes: 2 })).rejects.toMatchObject({
      code: "invalid_request",
    });
    expect(await readdir(join(root, "~work"))).toEqual([]);
  });

  it("takes no more memory for a small object than it was told it has bytes", async () => {
    const storage = await openLocalStorage(root);
    const gate = Promise.withResolvers<void>();
    let open = 0;
    const all = Promise.withResolvers<void>();
    async function* slow() {
      yield bytes("half");
      if ((open += 1) === 100) all.resolve();
      await gate.promise;
      yield bytes("done");
    }
    const before = process.memoryUsage().arrayBuffers;
    const writes = Array.from({ length: 100 }, (_, n) => storage.write(`small/${n}`, slow(), { bytes: 8 }));
    await all.promise;
    const grown = process.memoryUsage().arrayBuffers - before;
    gate.resolve();
    await Promise.all(writes);
    expect(grown).toBeLessThan(10 * 1024 * 1024);
    expect(await storage.get("small/99")).toEqual(bytes("halfdone"));
  });

  it("has no addresses of its own to give away", async () => {
    const storage = await openLocalStorage(root);
    expect(await storage.signGet("a", { expiresMs: 1000, filename: "a" })).toBeNull();
    expect(await storage.signPut("a", { expiresMs: 1000, bytes: 1 })).toBeNull();
  });

  it("removes what a dead process left, and not what a living one is writing", async () => {
    await openLocalStorage(root);
    const [old, fresh] = [join(root, "~work", "old"), join(root, "~work", "fresh")];
    await Promise.all([writeFile(old, "x"), writeFile(fresh, "x")]);
    const dayAgo = Date.now() / 1000 - 25 * 60 * 60;
    await utimes(old, dayAgo, dayAgo);
    await openLocalStorage(root);
    expect(await readdir(join(root, "~work"))).toEqual(["fresh"]);
  });

  it("says which folder cannot be written and what to do", async () => {
    await writeFile(join(root, "file"), "");
    await expect(openLocalStorage(join(root, "file", "storage"))).rejects.toMatchObject({
      code: "unavailable",
      message: expect.stringContaining(join(root, "file", "storage")),
      next: expect.any(String),
    });
  });

  it("says which folder is away, and goes on when it is back", async () => {
    const storage = await openLocalStorage(root);
    await rename(root, `${root}.away`);
    await writeFile(root, "");
    const why = { code: "unavailable", message: expect.stringContaining(`in ${root} (ENOTDIR)`) };
    await expect(storage.put("a/b", bytes("x"))).rejects.toMatchObject(why);
    await rm(root);
    await rename(`${root}.away`, root);
    await storage.put("a/b", bytes("x"));
    expect(await storage.get("a/b")).toEqual(bytes("x"));
  });

  it("leaves nothing behind on a full disk, keeps what it had and goes on when there is space again", async () => {
    const report = await onSmallDisk(
      root,
      `const storage = await openLocalStorage(root);
       await storage.put("a/kept", new Uint8Array(1000).fill(1));
       const refused = [];
       for (const key of ["a/kept", "a/new"]) {
         await storage.put(key, new Uint8Array(8_000_000)).catch((e) => refused.push({ code: e.code, message: e.message, next: e.next }));
       }
       const kept = await storage.get("a/kept");
       const left = (await readdir(root + "/~work")).length;
       await storage.put("a/later", new Uint8Array(100_000));
       const later = (await storage.get("a/later"))?.length;
       console.log(JSON.stringify({ refused, kept: [kept.length, kept[0]], fresh: await storage.get("a/new"), left, later }));`,
    );
    const next = "Free space on that disk, then try again. What was stored before is untouched.";
    expect(report).toEqual({
      kept: [1000, 1],
      fresh: null,
      left: 0,
      later: 100_000,
      refused: [
        { code: "unavailable", message: `"a/kept" was not stored: the disk of ${root} is full.`, next },
        { code: "unavailable", message: `"a/new" was not stored: the disk of ${root} is full.`, next },
      ],
    });
  });

  it("killed at any moment of a put, shows the last whole object and loses none it acknowledged", async () => {
    for (let round = 1; round <= 6; round += 1) {
      const acknowledged = await killWhilePutting(root, round);
      const storage = await openLocalStorage(root);
      const body = await storage.get("a/b");
      expect(body?.length).toBe(4_000_000);
      expect(new Set(body).size).toBe(1);
      expect([acknowledged, acknowledged + 1]).toContain(body?.[0]);
    }
    expect(await readdir(join(root, "a+"))).toEqual(["b"]);
  });
});

/** Runs a script with a file system of one megabyte mounted on `root`. */
async function onSmallDisk(root: string, script: string): Promise<unknown> {
  const child = spawn(
    "bwrap",
    [
      "--dev-bind",
      "/",
      "/",
      "--size",
      "1000000",
      "--tmpfs",
      root,
      "--",
      process.execPath,
      "--input-type=module",
      "-e",
      `
      import { readdir } from "node:fs/promises";
      const { openLocalStorage } = await import(${module});
      const root = ${JSON.stringify(root)};
      ${script}`,
    ],
    { stdio: ["ignore", "pipe", "pipe"] },
  );
  child.on("error", () => {});
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
  if (stdout === "")
    throw new Error(
      `bwrap or the script failed (is bubblewrap installed? apt-get install bubblewrap): ${stderr}`,
    );
  return JSON.parse(stdout);
}

async function text(stream: NodeJS.ReadableStream): Promise<string> {
  let all = "";
  for await (const chunk of stream) all += String(chunk);
  return all;
}

/** Kills a process that puts object after object, once it has acknowledged `enough` of them. */
async function killWhilePutting(root: string, enough: number): Promise<number> {
  const script = `
    const { openLocalStorage } = await import(${module});
    const storage = await openLocalStorage(${JSON.stringify(root)});
    for (let n = 1; ; n += 1) {
      await storage.put("a/b", new Uint8Array(4_000_000).fill(n));
      process.stdout.write(n + "\\n");
    }`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", script], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let acknowledged = 0;
  for await (const line of createInterface(child.stdout)) {
    acknowledged = Number(line);
    if (acknowledged === enough) child.kill("SIGKILL");
  }
  if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
  return acknowledged;
}
