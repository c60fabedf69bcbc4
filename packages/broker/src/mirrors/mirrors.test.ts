import { execFile } from "node:child_process";
import { access, mkdir, mkdtemp, readFile, readdir, rm, stat, truncate, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { CALLER, GIT_ENV, openGitLab } from "../git/testing/git-lab.ts";
import type { GitLab } from "../git/testing/git-lab.ts";
import { removeMirror } from "./evict-mirrors.ts";
import { placeAt } from "./mirror-place.ts";
import { openMirrorLab } from "./testing/mirror-lab.ts";
import type { MirrorLab } from "./testing/mirror-lab.ts";

const run = promisify(execFile);
const git = async (cwd: string, ...args: string[]): Promise<string> =>
  (await run("git", args, { cwd, env: GIT_ENV })).stdout.trim();

let lab: GitLab;
let one: MirrorLab;
beforeAll(async () => {
  lab = await openGitLab();
  for (const name of ["private/work.git", "open/public.git"]) await lab.seed(name);
});
afterAll(() => lab[Symbol.asyncDispose]());
beforeEach(async () => {
  one = await openMirrorLab(lab);
});
afterEach(() => one[Symbol.asyncDispose]());

/** A repository that only borrows from the copy: what git says of everything in it. */
async function borrow(copy: string): Promise<string> {
  const folder = await mkdtemp(join(lab.folder, "borrower-"));
  await git(folder, "init", "--quiet", "--bare");
  await writeFile(join(folder, "objects/info/alternates"), `${join(copy, "objects")}\n`);
  return folder;
}

async function lendable(name: string, from = one): Promise<string> {
  const copy = await from.lend(name);
  if (copy === null) throw new Error(`no mirror of ${name} was lent`);
  return copy;
}

const requests = (): string[] => lab.host.seen.map(({ line }) => line);
const isThere = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

describe("a mirror", () => {
  it("is read with the credential of the attempt and lent as a copy that has every object", async () => {
    const copy = await lendable("private/work.git");
    const head = await lab.onHost("private/work.git", "rev-parse", "main");
    expect(await readFile(join(copy, "packed-refs"), "utf8")).toContain(`${head} refs/heads/main`);
    const folder = await borrow(copy);
    expect(await git(folder, "fsck", "--full", "--no-dangling", head)).toBe("");
    expect(await git(folder, "show", `${head}:hello.txt`)).toBe("hello");
    expect(await readFile(join(copy, "config"), "utf8")).not.toMatch(/url|127|extraheader/i);
  });

  it("is brought up to date before each task, and nothing is fetched twice", async () => {
    await lab.seed("open/moving.git");
    await lendable("open/moving.git");
    const before = requests().length;
    await lendable("open/moving.git");
    expect(
      requests()
        .slice(before)
        .filter((line) => line.startsWith("POST")),
    ).toHaveLength(1);
    const tree = await lab.onHost("open/moving.git", "rev-parse", "main^{tree}");
    const next = await lab.onHost("open/moving.git", "commit-tree", "-p", "main", "-m", "next", tree);
    await lab.onHost("open/moving.git", "update-ref", "refs/heads/main", next);
    expect(await readFile(join(await lendable("open/moving.git"), "packed-refs"), "utf8")).toContain(next);
  });

  it("is not lent to an attempt that may not read the repository now, whoever read it before", async () => {
    await lendable("private/work.git");
    const credentials = { forGit: async () => "Basic bm90OnRoaXM=" };
    await using other = await openMirrorLab(lab, { root: one.root }, { credentials });
    expect(await other.lend("private/work.git")).toBeNull();
    const stranger = {
      rightsOf: async () => ({ repository: null, repositories: [], allowInternalHosts: [] }),
    };
    await using third = await openMirrorLab(
      lab,
      { root: await mkdtemp(join(lab.folder, "third-")) },
      stranger,
    );
    expect(await third.lend("open/public.git")).toBeNull();
  });

  it("of one account is not another account's", async () => {
    await lendable("private/work.git");
    const stranger = { ...CALLER, accountId: "account-2" };
    expect(await one.repositories("account-2")).toEqual([]);
    expect(await one.lend("private/work.git", stranger)).not.toBeNull();
    expect(await one.repositories("account-2")).toHaveLength(1);
    await expect(one.lend("private/work.git", { ...CALLER, accountId: "../account-1" })).rejects.toThrow(
      "name",
    );
  });

  it("there is none of a repository that is missing, empty, elsewhere or no repository", async () => {
    await lab.seed("open/empty.git");
    await lab.onHost("open/empty.git", "update-ref", "-d", "refs/heads/main");
    for (const name of [
      "open/missing.git",
      "open/empty.git",
      "login/page.git",
      "away/open/public.git",
      "../x",
    ])
      expect(await one.lend(name), name).toBeNull();
    expect((await Promise.all((await one.repositories()).map(isThere))).some(Boolean)).toBe(false);
  });

  it("that is larger than the room for mirrors is given up half-way and leaves nothing", async () => {
    await lab.seed("open/large.git", { "large.txt": Array.from({ length: 40_000 }, Math.random).join("\n") });
    await using small = await openMirrorLab(lab, { maxBytes: 100_000 });
    expect(await small.lend("open/large.git")).toBeNull();
    expect(await small.lend("open/public.git")).not.toBeNull();
    const kept = await Promise.all((await small.repositories()).map(isThere));
    expect(kept.filter(Boolean)).toHaveLength(1);
  });

  it("is lent to two tasks at once, of two servers", async () => {
    await using other = await openMirrorLab(lab, { root: one.root });
    const copies = await Promise.all(
      [one, other, one, other].map((server) => lendable("open/public.git", server)),
    );
    expect(new Set(copies).size).toBe(4);
    for (const copy of copies)
      expect(await git(await borrow(copy), "fsck", "--full", "--no-dangling")).toBe("");
    await other.mirrors.close();
  });

  it("is made anew when its maker died, and when what is there is cut off", async () => {
    await lendable("open/public.git");
    const [repository = ""] = await one.repositories();
    await mkdir(`${repository}.0a1b2c`);
    const packs = join(repository, "objects/pack");
    const pack = (await readdir(packs)).find((name) => name.endsWith(".pack")) ?? "";
    await rm(join(packs, pack));
    await writeFile(join(packs, pack), "PACK");
    const copy = await lendable("open/public.git");
    expect(await git(await borrow(copy), "fsck", "--full", "--no-dangling")).toBe("");
    expect(await isThere(`${repository}.0a1b2c`)).toBe(false);
  });

  it("with a lock that a killed git left, or without its refs, is thrown away and made again", async () => {
    await lendable("open/public.git");
    const [repository = ""] = await one.repositories();
    await writeFile(join(repository, "packed-refs.lock"), "");
    expect(await one.lend("open/public.git")).not.toBeNull();
    expect(await isThere(join(repository, "packed-refs.lock"))).toBe(false);
    await truncate(join(repository, "HEAD"));
    expect(await one.lend("open/public.git")).not.toBeNull();
  });

  it("can be repacked and removed under a copy that is out", async () => {
    const copy = await lendable("open/public.git");
    const folder = await borrow(copy);
    const [repository = ""] = await one.repositories();
    await git(repository, "repack", "-a", "-d", "-f", "--quiet");
    await removeMirror(placeAt(dirname(repository)));
    expect(await one.repositories()).toEqual([]);
    expect(await git(folder, "fsck", "--full", "--no-dangling")).toBe("");
    expect((await stat(join(copy, "objects/pack"))).mode & 0o777).toBe(0o755);
  });

  it("comes too late for a task that does not wait, and is there for the next", async () => {
    await lab.seed("open/slow.git");
    const gate = Promise.withResolvers<void>();
    const reached = Promise.withResolvers<void>();
    const rightsOf = async () => {
      reached.resolve();
      await gate.promise;
      const repository = { url: `${lab.host.origin}/open/slow.git` };
      return { repository, repositories: [], allowInternalHosts: [lab.host.host] };
    };
    await using slow = await openMirrorLab(lab, { patienceMs: 20 }, { rightsOf });
    expect(await slow.lend("open/slow.git")).toBeNull();
    await reached.promise;
    await using next = await openMirrorLab(lab, { root: slow.root });
    const waiting = next.lend("open/slow.git");
    gate.resolve();
    expect(await waiting).not.toBeNull();
    await slow.mirrors.close();
  });

  it("can be read by the sandbox's user whatever the server's umask is", async () => {
    const before = process.umask(0o077);
    try {
      const copy = await lendable("open/public.git");
      const packs = join(copy, "objects/pack");
      for (const file of await readdir(packs))
        expect((await stat(join(packs, file))).mode & 0o777).toBe(0o444);
      expect((await stat(copy)).mode & 0o777).toBe(0o755);
      expect((await stat(join(copy, "packed-refs"))).mode & 0o777).toBe(0o644);
    } finally {
      process.umask(before);
    }
  });
});
