import {
  access,
  chmod,
  mkdir,
  mkdtemp,
  readFile,
  readdir,
  rm,
  stat,
  symlink,
  utimes,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { DependencyCaches } from "@agency/core";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { silence } from "../local/testing/ground.ts";
import { surplus } from "./cache-copies.ts";
import { createDependencyCaches } from "./dependency-caches.ts";

const URL = "https://h.example/a/b";
const MiB = 1024 ** 2;

let root: string;
let now: number;
let caches: DependencyCaches;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "agency-caches-"));
  now = Date.now();
  caches = await open(64 * MiB);
});
afterEach(() => rm(root, { recursive: true, force: true }));

const open = (maxBytes: number): Promise<DependencyCaches> =>
  createDependencyCaches({ root, maxBytes, logger: silence, now: () => (now += 1) });

async function lend(account = "one", url = URL): Promise<string> {
  return (await caches.lend(account, url)) ?? "";
}

/** A task that leaves this behind. */
async function leave(text: string, account = "one", url = URL): Promise<void> {
  const folder = await lend(account, url);
  await writeFile(join(folder, "kept"), text);
  await caches.takeBack(account, url, folder);
}

const keptIn = (folder: string): Promise<string> =>
  readFile(join(folder, "kept"), "utf8").catch(() => "nothing");
const isThere = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

describe("caches of a repository", () => {
  it("are empty at first and come back as the last task left them", async () => {
    expect(await readdir(await lend())).toEqual([]);
    await leave("first");
    await leave("second");
    expect(await keptIn(await lend("one", `${URL}/`))).toBe("second");
  });

  it("are the same for every way to write a repository of GitHub", async () => {
    await leave("warm", "one", "https://github.com/Octo/Hello.git");
    expect(await keptIn(await lend("one", "https://github.com/octo/hello"))).toBe("warm");
  });

  it("are lent to one task at a time: another one gets a copy of its own", async () => {
    await leave("warm");
    const folders = await Promise.all([lend(), lend(), lend()]);
    expect(new Set(folders).size).toBe(3);
    expect((await Promise.all(folders.map(keptIn))).toSorted()).toEqual(["nothing", "nothing", "warm"]);
    for (const [index, folder] of folders.entries()) {
      await writeFile(join(folder, "kept"), `${index}`);
      await caches.takeBack("one", URL, folder);
    }
    expect(
      (await Promise.all([lend(), lend(), lend()].map(async (one) => keptIn(await one)))).toSorted(),
    ).toEqual(["0", "1", "2"]);
  });

  it("never come to another account or another repository", async () => {
    await leave("mine");
    expect(await keptIn(await lend("two"))).toBe("nothing");
    expect(await keptIn(await lend("one", "https://h.example/a/c"))).toBe("nothing");
    await expect(caches.lend("../one", URL)).rejects.toThrow("name");
    expect(await keptIn(await lend())).toBe("mine");
  });

  it("that are too large are not kept, and the longest unused ones make room", async () => {
    await leave("old");
    caches = await open(4 * MiB);
    const large = await lend("one", "https://h.example/large");
    await writeFile(join(large, "kept"), Buffer.alloc(2 * MiB, 1));
    await caches.takeBack("one", "https://h.example/large", large);
    expect(await isThere(large)).toBe(false);
    expect(await keptIn(await lend("one", "https://h.example/large"))).toBe("nothing");
    for (let n = 0; n < 6; n += 1) {
      const folder = await lend("one", `https://h.example/${n}`);
      await writeFile(join(folder, "kept"), Buffer.alloc(900 * 1024, 1));
      await caches.takeBack("one", `https://h.example/${n}`, folder);
    }
    expect(await keptIn(await lend())).toBe("nothing");
    expect(await keptIn(await lend("one", "https://h.example/5"))).not.toBe("nothing");
  });

  it("that are nothing but very many files are too large as well", async () => {
    caches = await open(MiB);
    const folder = await lend();
    await Promise.all(Array.from({ length: 300 }, (_, n) => writeFile(join(folder, `empty-${n}`), "")));
    await caches.takeBack("one", URL, folder);
    expect(await readdir(await lend())).toEqual([]);
  });

  it("are what a hijacked agent left, and nothing of it is followed", async () => {
    const outside = join(root, "outside");
    await mkdir(outside, { mode: 0o700 });
    await writeFile(join(outside, "file"), "outside", { mode: 0o600 });
    const [folder, ...later] = await Promise.all([lend(), lend(), lend(), lend()]);
    await symlink(outside, join(folder, "link"));
    await mkdir(join(folder, "closed"));
    await writeFile(join(folder, "closed", "kept"), "x");
    await chmod(join(folder, "closed"), 0o000);
    await caches.takeBack("one", URL, folder);
    expect((await stat(outside)).mode & 0o777).toBe(0o700);
    expect((await stat(join(outside, "file"))).mode & 0o777).toBe(0o600);
    for (const other of later) {
      await writeFile(join(other, "kept"), "later");
      await caches.takeBack("one", URL, other);
    }
    const left = await Promise.all([lend(), lend(), lend(), lend()]);
    expect((await Promise.all(left.map(keptIn))).toSorted()).toEqual(["later", "later", "later", "nothing"]);
    expect(await isThere(join(outside, "file"))).toBe(true);
  });

  it("that no sandbox took are removed after a while", async () => {
    await leave("kept");
    const stale = await lend();
    await utimes(stale, new Date(0), new Date(0));
    await leave("again", "two");
    expect(await isThere(stale)).toBe(false);
  });
});

describe("what has to go", () => {
  const copy = (usedAt: number, bytes: number) => ({ name: String(usedAt), usedAt, bytes });
  it("is the longest unused, until both bounds are kept", () => {
    const copies = [copy(3, 10), copy(1, 10), copy(2, 10)];
    expect(surplus(copies, { maxBytes: 20, maxCopies: 9 }).map(({ usedAt }) => usedAt)).toEqual([1]);
    expect(surplus(copies, { maxBytes: 99, maxCopies: 1 }).map(({ usedAt }) => usedAt)).toEqual([1, 2]);
    expect(surplus(copies, { maxBytes: 30, maxCopies: 3 })).toEqual([]);
  });
});
