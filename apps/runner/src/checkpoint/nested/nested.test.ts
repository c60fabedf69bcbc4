import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { openLabWorkspace, treeBelow } from "../../testing/checkpoint-lab.ts";
import { git } from "../../testing/git-server.ts";
import { commitAll, NestedLab } from "../../testing/nested-lab.ts";
import { restoreNested } from "./restore-nested.ts";

const LOCAL = ["-c", "protocol.file.allow=always"];
const signal = new AbortController().signal;

describe("repositories inside the workspace", () => {
  const lab = new NestedLab();
  const { at, write, take, addRepository } = lab;

  it("come back with commits, branches, stashes, what is staged and what is not", async () => {
    addRepository("lib/one");
    git(at("lib/one"), "checkout", "--quiet", "-b", "side");
    write("lib/one/b.txt", "b\n");
    commitAll(at("lib/one"), "on the side");
    git(at("lib/one"), "checkout", "--quiet", "main");
    write("lib/one/a.txt", "stashed\n");
    git(at("lib/one"), "stash", "--quiet");
    git(at("lib/one"), "pack-refs", "--all");
    git(at("lib/one"), "gc", "--quiet");
    write("lib/one/staged.txt", "s\n");
    git(at("lib/one"), "add", "staged.txt");
    write("lib/one/new.txt", "n\n");
    write("outer.txt", "o\n");
    const two = await openLabWorkspace(join(lab.root, "two"));
    expect(await two.restore(lab.one, await take())).toMatchObject({
      ok: true,
      files: 1,
      nested: { paths: ["lib/one"], problems: [] },
    });
    expect(treeBelow(two.workspace)).toEqual(treeBelow(lab.one.workspace));
    for (const command of [
      ["status", "--porcelain", "--branch"],
      ["log", "--all", "--format=%H %D"],
      ["stash", "list"],
    ])
      expect(git(at("lib/one", two), ...command)).toBe(git(at("lib/one"), ...command));
    expect(git(at("lib/one", two), "fsck", "--no-progress")).toBe("");
  });

  it("come back without a commit, too, and those inside of them", async () => {
    mkdirSync(at("new"));
    git(at("new"), "init", "--quiet");
    write("new/file", "f\n");
    addRepository("outer");
    addRepository("outer/inner");
    write("outer/inner/more.txt", "m\n");
    const two = await openLabWorkspace(join(lab.root, "two"));
    expect(await two.restore(lab.one, await take())).toMatchObject({
      nested: { paths: ["new", "outer", "outer/inner"], problems: [] },
    });
    expect(treeBelow(two.workspace)).toEqual(treeBelow(lab.one.workspace));
    expect(git(at("new", two), "status", "--porcelain")).toBe("?? file");
    expect(git(at("outer/inner", two), "status", "--porcelain")).toBe("?? more.txt");
  });

  it("are a reason for a checkpoint as soon as anything in them changes", async () => {
    addRepository("lib");
    const { signature } = await take();
    expect(await lab.one.take(signature)).toBeNull();
    git(at("lib"), "commit", "--quiet", "--allow-empty", "-m", "more");
    const second = await lab.one.take(signature);
    expect(second).not.toBeNull();
    write("lib/new.txt", "n\n");
    expect(await lab.one.take(second?.signature)).not.toBeNull();
  });

  it("are left out when they are too large together, are worktrees, or keep git's folder elsewhere, and it is said", async () => {
    addRepository("small");
    addRepository("large");
    write("large/blob", Buffer.alloc(65 * 1024 * 1024, 1));
    addRepository("linked");
    mkdirSync(join(lab.root, "elsewhere"));
    git(join(lab.root, "elsewhere"), "init", "--quiet", "-b", "main");
    rmSync(at("linked/.git"), { recursive: true });
    writeFileSync(at("linked/.git"), `gitdir: ${join(lab.root, "elsewhere", ".git")}\n`);
    git(at("small"), "worktree", "add", "--quiet", at("tree"));
    const captured = await take();
    expect(captured.leftOut.nested.toSorted()).toEqual(["large", "linked", "tree"]);
    const two = await openLabWorkspace(join(lab.root, "two"));
    expect(await two.restore(lab.one, captured)).toMatchObject({ nested: { paths: ["small"] } });
    expect(existsSync(at("large", two))).toBe(false);
  });

  it("run nothing that they name to be run", async () => {
    addRepository("evil");
    const canary = join(lab.root, "canary");
    const script = join(lab.root, "script");
    writeFileSync(script, `#!/bin/sh\ntouch ${canary}\ncat\n`, { mode: 0o755 });
    write("evil/.gitattributes", "* filter=evil\n");
    for (const key of ["core.fsmonitor", "filter.evil.clean", "filter.evil.smudge"])
      git(at("evil"), "config", key, script);
    git(at("evil"), "config", "core.hooksPath", lab.root);
    writeFileSync(join(lab.root, "post-index-change"), `#!/bin/sh\ntouch ${canary}\n`, { mode: 0o755 });
    const two = await openLabWorkspace(join(lab.root, "two"));
    expect(await two.restore(lab.one, await take())).toMatchObject({ nested: { paths: ["evil"] } });
    expect(existsSync(canary)).toBe(false);
  });

  describe("that are submodules", () => {
    let origin: string;
    beforeEach(async () => {
      origin = join(lab.root, "origin");
      mkdirSync(origin);
      git(origin, "init", "--quiet", "-b", "main");
      writeFileSync(join(origin, "a.txt"), "a\n");
      commitAll(origin, "base");
      git(origin, ...LOCAL, "submodule", "--quiet", "add", `file://${origin}`, "sub");
      commitAll(origin, "with a submodule");
      lab.one = await openLabWorkspace(join(lab.root, "cloned"), { url: `file://${origin}` });
      git(lab.one.workspace, ...LOCAL, "submodule", "--quiet", "update", "--init");
    });

    it("are not worth it while nobody touched them", async () => {
      expect(await lab.one.take()).toBeNull();
    });

    it.each([
      ["a change that is not committed", () => write("sub/a.txt", "changed\n")],
      ["a new file", () => write("sub/new.txt", "n\n")],
      ["a commit", () => git(at("sub"), "commit", "--quiet", "--allow-empty", "-m", "mine")],
    ])("come back with %s", async (_, change) => {
      change();
      const two = await openLabWorkspace(join(lab.root, "two"), { url: `file://${origin}` });
      expect(await two.restore(lab.one, await take())).toMatchObject({
        ok: true,
        nested: { paths: ["sub"], problems: [] },
      });
      expect(treeBelow(two.workspace)).toEqual(treeBelow(lab.one.workspace));
      for (const folder of ["", "sub"])
        expect(git(at(folder, two), "status", "--porcelain")).toBe(git(at(folder), "status", "--porcelain"));
      expect(git(at("sub", two), "log", "--format=%H")).toBe(git(at("sub"), "log", "--format=%H"));
    });

    it("do not fetch what is missing by the program that they name", async () => {
      const canary = join(lab.root, "canary");
      for (const [key, value] of [
        ["remote.origin.promisor", "true"],
        ["extensions.partialClone", "origin"],
        ["remote.origin.uploadpack", `touch ${canary};`],
      ] as const)
        git(at("sub"), "config", key, value);
      write("sub/new.txt", "n\n");
      rmSync(at(".git/modules/sub/objects"), { recursive: true });
      mkdirSync(at(".git/modules/sub/objects"));
      expect((await take()).leftOut.nested).toEqual([]);
      expect(existsSync(canary)).toBe(false);
    });
  });

  describe("of a list that was made up", () => {
    /** What a checkpoint of a hijacked sandbox may hold. */
    async function restoreMadeUp(path: string, gitDir: string) {
      write("payload/x", "written\n");
      const { ours } = lab.one.store;
      const run = async (args: string[], input?: string): Promise<string> => {
        const call = {
          timeoutMs: 10_000,
          signal,
          ...(input === undefined ? {} : { input: Buffer.from(input) }),
        };
        return (await ours(args, call)).stdout.toString().trim();
      };
      const blob = await run(["hash-object", "-w", "--stdin"], "written\n");
      const files = await run(["mktree"], `100644 blob ${blob}\tx\n`);
      const list = await run(["hash-object", "-w", "--stdin"], JSON.stringify([{ path, gitDir }]));
      const lines = [
        `100644 blob ${list}\tlist`,
        `040000 tree ${files}\t0-files`,
        `040000 tree ${files}\t0-git`,
      ];
      const tree = await run(["mktree"], `${lines.join("\n")}\n`);
      return restoreNested(lab.one.store, tree, { timeoutMs: 10_000, signal });
    }

    it.each([
      ["../../out", "../../out/.git"],
      ["/etc", "/etc/.git"],
      ["a/../../b", "a/.git"],
      ["sub", "../.git/modules/sub"],
      ["sub", ".git"],
      ["sub", "elsewhere"],
      [".git/hooks", ".git/hooks/.git"],
      ["", ".git/modules/x"],
      ["a\0b", "a/.git"],
    ])("are refused at %j, %j", async (path, gitDir) => {
      const before = treeBelow(lab.root);
      const restored = await restoreMadeUp(path, gitDir);
      expect(restored).toMatchObject({ paths: [], problems: [expect.stringContaining("unreadable")] });
      rmSync(at("payload"), { recursive: true });
      const after = [...treeBelow(lab.root).keys()].filter((name) => !name.includes("/objects/"));
      expect(after).toEqual([...before.keys()].filter((name) => !name.includes("/objects/")));
    });

    it("are not written behind a link", async () => {
      mkdirSync(join(lab.root, "outside"));
      symlinkSync(join(lab.root, "outside"), at("link"));
      expect(await restoreMadeUp("link/sub", "link/sub/.git")).toMatchObject({
        paths: [],
        problems: ["link/sub: there is something else in its place."],
      });
      expect(treeBelow(join(lab.root, "outside")).size).toBe(0);
    });

    it("are written where they say", async () => {
      expect(await restoreMadeUp("fine", "fine/.git")).toEqual({ paths: ["fine"], problems: [] });
      expect(readFileSync(at("fine/x"), "utf8")).toBe("written\n");
    });
  });
});
