import { execFileSync } from "node:child_process";
import { existsSync, lstatSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { openLabWorkspace, treeBelow } from "../../testing/checkpoint-lab.ts";
import type { LabWorkspace } from "../../testing/checkpoint-lab.ts";
import { git } from "../../testing/git-server.ts";
import { commitAll, NestedLab } from "../../testing/nested-lab.ts";

const LOCAL = ["-c", "protocol.file.allow=always"];

describe("repositories inside the workspace, wherever they are,", () => {
  const lab = new NestedLab();
  const { at, write, take, addRepository } = lab;

  const sameAt = (path: string, two: LabWorkspace): void => {
    for (const command of [
      ["status", "--porcelain", "--branch"],
      ["log", "--all", "--format=%H %D"],
    ])
      expect(git(at(path, two), ...command)).toBe(git(at(path), ...command));
  };

  it("come back with changes of files that they track and ignore", async () => {
    addRepository("lib");
    write("lib/dist/x.js", "one\n");
    git(at("lib"), "add", "--all");
    write("lib/.gitignore", "dist/\n");
    commitAll(at("lib"), "ignored");
    write("lib/dist/x.js", "two\n");
    const two = await openLabWorkspace(join(lab.root, "two"));
    await two.restore(lab.one, await take());
    expect(treeBelow(two.workspace)).toEqual(treeBelow(lab.one.workspace));
    sameAt("lib", two);
  });

  it("come back where a file of the workspace was", async () => {
    const origin = join(lab.root, "origin");
    mkdirSync(origin);
    git(origin, "init", "--quiet", "-b", "main");
    writeFileSync(join(origin, "lib"), "a file\n");
    commitAll(origin, "base");
    lab.one = await openLabWorkspace(join(lab.root, "cloned"), { url: `file://${origin}` });
    rmSync(at("lib"));
    addRepository("lib");
    const two = await openLabWorkspace(join(lab.root, "two"), { url: `file://${origin}` });
    expect(await two.restore(lab.one, await take())).toMatchObject({
      nested: { paths: ["lib"], problems: [] },
    });
    expect(treeBelow(two.workspace)).toEqual(treeBelow(lab.one.workspace));
  });

  it("come back when their files were there first, and stored", async () => {
    write("lib/a.txt", "a\n");
    write("lib/deep/b.txt", "a\n");
    const { signature } = await take();
    git(at("lib"), "init", "--quiet", "-b", "main");
    commitAll(at("lib"), "mine");
    git(at("lib/deep"), "init", "--quiet", "-b", "main");
    commitAll(at("lib/deep"), "mine");
    const second = await lab.one.take(signature);
    if (second === null) throw new Error("There was nothing to take.");
    const two = await openLabWorkspace(join(lab.root, "two"));
    expect(await two.restore(lab.one, second)).toMatchObject({ nested: { problems: [] } });
    expect(treeBelow(two.workspace)).toEqual(treeBelow(lab.one.workspace));
    sameAt("lib", two);
    sameAt("lib/deep", two);
  });

  it("come back in place of a folder the workspace tracks", async () => {
    const origin = join(lab.root, "origin");
    mkdirSync(join(origin, "vendor/lib"), { recursive: true });
    git(origin, "init", "--quiet", "-b", "main");
    writeFileSync(join(origin, "vendor/lib/a.txt"), "a file\n");
    commitAll(origin, "base");
    lab.one = await openLabWorkspace(join(lab.root, "cloned"), { url: `file://${origin}` });
    rmSync(at("vendor/lib"), { recursive: true });
    addRepository("vendor/lib");
    const two = await openLabWorkspace(join(lab.root, "two"), { url: `file://${origin}` });
    expect(await two.restore(lab.one, await take())).toMatchObject({
      nested: { paths: ["vendor/lib"], problems: [] },
    });
    expect(treeBelow(two.workspace)).toEqual(treeBelow(lab.one.workspace));
  });

  it("come back with the folders of submodules that nobody fetched", async () => {
    const origin = join(lab.root, "origin");
    mkdirSync(origin);
    git(origin, "init", "--quiet", "-b", "main");
    commitAll(origin, "base");
    git(origin, ...LOCAL, "submodule", "--quiet", "add", `file://${origin}`, "sub");
    commitAll(origin, "with a submodule");
    git(lab.one.workspace, "clone", "--quiet", `file://${origin}`, "lib");
    const two = await openLabWorkspace(join(lab.root, "two"));
    expect(await two.restore(lab.one, await take())).toMatchObject({
      nested: { paths: ["lib"], problems: [] },
    });
    sameAt("lib", two);
  });

  it.each(["-x", "a b", "new\nline", "ünï", "'q\"", "*", ":(top)x", "a\\b"])(
    "come back with the name %j",
    async (name) => {
      addRepository(name);
      const two = await openLabWorkspace(join(lab.root, "two"));
      expect(await two.restore(lab.one, await take())).toMatchObject({
        nested: { paths: [name], problems: [] },
      });
      expect(treeBelow(two.workspace)).toEqual(treeBelow(lab.one.workspace));
    },
  );

  it("come back with hashes of another kind", async () => {
    git(lab.root, "init", "--quiet", "--object-format=sha256", at("long"));
    write("long/x", "x\n");
    commitAll(at("long"), "x");
    const two = await openLabWorkspace(join(lab.root, "two"));
    expect(await two.restore(lab.one, await take())).toMatchObject({ nested: { paths: ["long"] } });
    sameAt("long", two);
  });

  it("come back from a checkpoint of what came back", async () => {
    addRepository("made");
    write("plain/a.txt", "a\n");
    const two = await openLabWorkspace(join(lab.root, "two"));
    await two.restore(lab.one, await take());
    writeFileSync(at("made/more", two), "m\n");
    commitAll(at("made", two), "second");
    git(at("plain", two), "init", "--quiet", "-b", "main");
    commitAll(at("plain", two), "first");
    const three = await openLabWorkspace(join(lab.root, "three"));
    expect(await three.restore(two, await take(two))).toMatchObject({
      nested: { paths: ["made", "plain"], problems: [] },
    });
    expect(treeBelow(three.workspace)).toEqual(treeBelow(two.workspace));
    rmSync(at("plain/.git", three), { recursive: true });
    rmSync(at("made", three), { recursive: true });
    writeFileSync(at("made", three), "a file now\n");
    const four = await openLabWorkspace(join(lab.root, "four"));
    expect(await four.restore(three, await take(three))).toMatchObject({
      nested: { paths: [], problems: [] },
    });
    expect(treeBelow(four.workspace)).toEqual(treeBelow(three.workspace));
  });

  it("come back when objects of theirs are gone that were elsewhere, too", async () => {
    write("lib/b.txt", "in both\n");
    git(lab.one.workspace, "add", "lib/b.txt");
    addRepository("lib");
    await take();
    git(lab.one.workspace, "reset", "--quiet");
    git(lab.one.workspace, "prune", "--expire=now");
    write("lib/c.txt", "c\n");
    const captured = await take();
    expect(captured.leftOut.nested).toEqual([]);
    const two = await openLabWorkspace(join(lab.root, "two"));
    expect(await two.restore(lab.one, captured)).toMatchObject({ nested: { paths: ["lib"], problems: [] } });
    expect(treeBelow(two.workspace)).toEqual(treeBelow(lab.one.workspace));
  });

  it("come back with a pipe in place of a file", async () => {
    addRepository("lib");
    write("lib/b.txt", "b\n");
    await take();
    rmSync(at("lib/b.txt"));
    execFileSync("mkfifo", [at("lib/b.txt")]);
    write("lib/c.txt", "c\n");
    const captured = await take();
    expect(captured.leftOut.nested).toEqual([]);
    const two = await openLabWorkspace(join(lab.root, "two"));
    expect(await two.restore(lab.one, captured)).toMatchObject({ nested: { paths: ["lib"], problems: [] } });
    expect(readFileSync(at("lib/c.txt", two), "utf8")).toBe("c\n");
  });

  it("come back when they are bare", async () => {
    addRepository("lib");
    git(lab.one.workspace, "clone", "--quiet", "--bare", "lib", "packed.git");
    git(lab.one.workspace, "init", "--quiet", "--bare", "deep/empty.git");
    const two = await openLabWorkspace(join(lab.root, "two"));
    expect(await two.restore(lab.one, await take())).toMatchObject({ ok: true });
    expect(git(at("packed.git", two), "log", "--all", "--format=%H")).toBe(
      git(at("lib"), "rev-parse", "HEAD"),
    );
    expect(git(at("deep/empty.git", two), "rev-parse", "--absolute-git-dir")).toBe(at("deep/empty.git", two));
  });

  it("are nothing where a file took the place of a bare one", async () => {
    const origin = join(lab.root, "origin");
    mkdirSync(origin);
    git(origin, "init", "--quiet", "-b", "main");
    git(origin, "init", "--quiet", "--bare", "deep/bare.git");
    commitAll(origin, "base");
    lab.one = await openLabWorkspace(join(lab.root, "cloned"), { url: `file://${origin}` });
    rmSync(at("deep"), { recursive: true });
    write("deep", "a file now\n");
    const two = await openLabWorkspace(join(lab.root, "two"), { url: `file://${origin}` });
    expect(await two.restore(lab.one, await take())).toMatchObject({ ok: true });
    expect(readFileSync(at("deep", two), "utf8")).toBe("a file now\n");
  });

  it("come back when the repository around them cannot be read", async () => {
    addRepository("lib");
    rmSync(at(".git"), { recursive: true });
    const two = await openLabWorkspace(join(lab.root, "two"));
    const captured = await take();
    expect(captured.isAlone).toBe(true);
    expect(await two.restore(lab.one, captured)).toMatchObject({ nested: { paths: ["lib"], problems: [] } });
    sameAt("lib", two);
  });

  it("are left out while they are too large, or too many", async () => {
    addRepository("big");
    const first = await take();
    write("big/blob", Buffer.alloc(65 * 1024 * 1024, 1));
    const second = await lab.one.take(first.signature);
    expect(second?.leftOut.nested).toEqual(["big"]);
    rmSync(at("big/blob"));
    const third = await take();
    expect(third.signature).toBe(first.signature);
    for (let n = 0; n < 25; n += 1) addRepository(`r${n}`);
    expect((await take()).leftOut.nested).toHaveLength(6);
  });

  describe("that are submodules", () => {
    let origin: string;
    beforeEach(async () => {
      const inner = join(lab.root, "inner");
      mkdirSync(inner);
      git(inner, "init", "--quiet", "-b", "main");
      writeFileSync(join(inner, "i.txt"), "i\n");
      commitAll(inner, "inner");
      const sub = join(lab.root, "sub");
      mkdirSync(sub);
      git(sub, "init", "--quiet", "-b", "main");
      writeFileSync(join(sub, "a.txt"), "a\n");
      writeFileSync(join(sub, "b.txt"), "b\n");
      commitAll(sub, "base");
      git(sub, ...LOCAL, "submodule", "--quiet", "add", `file://${inner}`, "inner");
      commitAll(sub, "with inner");
      origin = join(lab.root, "origin");
      mkdirSync(origin);
      git(origin, "init", "--quiet", "-b", "main");
      git(origin, ...LOCAL, "submodule", "--quiet", "add", `file://${sub}`, "sub");
      commitAll(origin, "with a submodule");
      lab.one = await openLabWorkspace(join(lab.root, "cloned"), { url: `file://${origin}` });
      git(lab.one.workspace, ...LOCAL, "submodule", "--quiet", "update", "--init", "--recursive");
    });
    async function fetched(): Promise<LabWorkspace> {
      const two = await openLabWorkspace(join(lab.root, "two"), { url: `file://${origin}` });
      git(two.workspace, ...LOCAL, "submodule", "--quiet", "update", "--init", "--recursive");
      return two;
    }

    it("are not worth it with submodules of their own", async () => {
      expect(await lab.one.take()).toBeNull();
    });
    it("come back with work in their own submodules", async () => {
      write("sub/inner/i.txt", "changed\n");
      const two = await fetched();
      expect(await two.restore(lab.one, await take())).toMatchObject({ nested: { problems: [] } });
      expect(treeBelow(two.workspace)).toEqual(treeBelow(lab.one.workspace));
      sameAt("sub/inner", two);
    });
    it("come back with a repository made in lab.one that nobody touched", async () => {
      addRepository("sub/mine");
      const two = await fetched();
      expect(await two.restore(lab.one, await take())).toMatchObject({ nested: { problems: [] } });
      sameAt("sub/mine", two);
    });
    it("come back with commits that they do not stand at", async () => {
      git(at("sub"), "checkout", "--quiet", "-b", "work");
      write("sub/w.txt", "w\n");
      commitAll(at("sub"), "work");
      git(at("sub"), "checkout", "--quiet", "--detach", "origin/main");
      const two = await fetched();
      expect(await two.restore(lab.one, await take())).toMatchObject({ nested: { problems: [] } });
      sameAt("sub", two);
    });
    it("come back without what was deleted where they have been fetched", async () => {
      rmSync(at("sub/b.txt"));
      git(at("sub"), "branch", "--quiet", "-D", "main");
      const two = await fetched();
      expect(await two.restore(lab.one, await take())).toMatchObject({ nested: { problems: [] } });
      expect(treeBelow(two.workspace)).toEqual(treeBelow(lab.one.workspace));
      sameAt("sub", two);
    });
    it("come back as a clone in their place", async () => {
      rmSync(at("sub"), { recursive: true });
      addRepository("sub");
      const two = await fetched();
      expect(await two.restore(lab.one, await take())).toMatchObject({ nested: { problems: [] } });
      expect(existsSync(at("sub/b.txt", two))).toBe(false);
      sameAt("sub", two);
    });
    it("are gone when a file took their place", async () => {
      rmSync(at("sub"), { recursive: true });
      write("sub", "file\n");
      const two = await fetched();
      expect(await two.restore(lab.one, await take())).toMatchObject({ ok: true });
      expect(lstatSync(at("sub", two)).isFile()).toBe(true);
      expect(readFileSync(at("sub", two), "utf8")).toBe("file\n");
    });
  });
});
