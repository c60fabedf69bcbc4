import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { spawnSync } from "node:child_process";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openLabWorkspace, treeBelow } from "../testing/checkpoint-lab.ts";
import type { LabWorkspace } from "../testing/checkpoint-lab.ts";
import { git } from "../testing/git-server.ts";
import type { Captured } from "./capture.ts";

describe("a checkpoint", () => {
  let root: string;
  let one: LabWorkspace;
  beforeEach(async () => {
    root = mkdtempSync(join(tmpdir(), "agency-checkpoint-"));
    one = await openLabWorkspace(join(root, "one"));
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  const at = (path: string): string => join(one.workspace, path);
  const write = (path: string, content: string | Buffer): void => {
    mkdirSync(join(at(path), ".."), { recursive: true });
    writeFileSync(at(path), content);
  };
  async function take(workspace = one): Promise<Captured> {
    const captured = await workspace.take();
    if (captured === null) throw new Error("There was nothing to take.");
    return captured;
  }
  async function moved(captured: Captured, from = one): Promise<LabWorkspace> {
    const two = await openLabWorkspace(join(root, "two"));
    expect(await two.restore(from, captured)).toMatchObject({ ok: true });
    return two;
  }
  async function roundTrip(): Promise<LabWorkspace> {
    return moved(await take());
  }
  const tree = (of: LabWorkspace): Map<string, string> => treeBelow(of.workspace);

  it("brings back every kind of file git keeps, byte for byte", async () => {
    write("plain.txt", "one\r\ntwo\n");
    write(".gitattributes", "*.txt text eol=lf ident\n*.bin filter=evil\n");
    write("id.txt", "$Id: not for git to change $\n");
    write("a.bin", Buffer.from([0, 255, 1, 13, 10]));
    write("deep/er/new\nline", "x");
    writeFileSync(
      Buffer.concat([Buffer.from(`${one.workspace}/`), Buffer.from([0xff, 0xfe, 0x41])]),
      "bytes",
    );
    write("git~1", "a name other systems take for .git");
    write("*", "a pattern");
    write("run.sh", "#!/bin/sh\n");
    chmodSync(at("run.sh"), 0o755);
    symlinkSync("/etc/passwd", at("out"));
    symlinkSync("../../..", at("up"));
    symlinkSync("nowhere", at("dangling"));
    expect(tree(await roundTrip())).toEqual(tree(one));
  });

  it("brings HEAD, its branch and its commits back, and leaves uncommitted what was uncommitted", async () => {
    write("a.txt", "a\n");
    write("gone.txt", "g\n");
    git(one.workspace, "checkout", "--quiet", "-b", "feature/x");
    git(one.workspace, "add", "--all");
    git(one.workspace, "commit", "--quiet", "-m", "mine");
    write("a.txt", "changed\n");
    write("new.txt", "n\n");
    rmSync(at("gone.txt"));
    const two = await roundTrip();
    expect(tree(two)).toEqual(tree(one));
    expect(git(two.workspace, "log", "--format=%s")).toBe("mine\nStart of the task");
    expect(git(two.workspace, "status", "--porcelain", "--branch").split("\n")).toEqual([
      "## feature/x",
      "M a.txt".padStart(8),
      "D gone.txt".padStart(11),
      "?? new.txt",
    ]);
  });

  it("leaves the agent's index, HEAD and refs as they are, and what git ignores out", async () => {
    write(".gitignore", "*.log\n");
    write("staged.txt", "s\n");
    write("debug.log", "ignored");
    write("also.tmp", "ignored");
    write(".git/info/exclude", "*.tmp\n");
    git(one.workspace, "add", "staged.txt");
    const index = readFileSync(at(".git/index"));
    const refs = git(one.workspace, "for-each-ref");
    const captured = await take();
    expect(readFileSync(at(".git/index"))).toEqual(index);
    expect(git(one.workspace, "for-each-ref")).toBe(refs);
    const two = await moved(captured);
    expect([...treeBelow(two.workspace).keys()].toSorted()).toEqual(["/.gitignore", "/staged.txt"]);
  });

  it("is not taken twice of the same, and sees a change in the same instant and of the same size", async () => {
    expect(await one.take()).toBeNull();
    write("a.txt", "1111");
    const { signature } = await take();
    expect(await one.take(signature)).toBeNull();
    write("a.txt", "2222");
    const second = await take();
    expect((await one.take(signature))?.signature).toBe(second.signature);
    const session = { sessionId: "s", engineVersion: "1", files: [{ path: "t", bytes: Buffer.from("x") }] };
    expect(await one.take(second.signature, session)).not.toBeNull();
  });

  it("follows a file that becomes a folder, and a folder that becomes a file", async () => {
    write("a", "file");
    write("b/c", "in a folder");
    write("d", "file");
    await take();
    for (const path of ["a", "b", "d"]) rmSync(at(path), { recursive: true });
    write("a/x", "in a folder");
    write("b", "file");
    mkdirSync(at("d"));
    expect(tree(await roundTrip())).toEqual(tree(one));
  });

  it("puts its own files over what is in the way", async () => {
    write("a/b", "mine");
    write("c", "mine");
    const captured = await take();
    const two = await openLabWorkspace(join(root, "two"));
    writeFileSync(join(two.workspace, "a"), "in the way");
    mkdirSync(join(two.workspace, "c"));
    symlinkSync(root, join(two.workspace, "c", "d"));
    expect(await two.restore(one, captured)).toMatchObject({ ok: true, files: 2 });
    expect(treeBelow(two.workspace)).toEqual(treeBelow(one.workspace));
  });

  it("does not bring empty folders back", async () => {
    mkdirSync(at("empty"));
    write("a.txt", "a");
    const two = await moved(await take());
    expect(existsSync(join(two.workspace, "empty"))).toBe(false);
  });

  it("runs nothing the agent names to be run", async () => {
    const canary = join(root, "canary");
    const script = join(root, "script");
    writeFileSync(script, `#!/bin/sh\ntouch ${canary}\ncat\n`, { mode: 0o755 });
    const evil = [
      "core.fsmonitor",
      "filter.evil.clean",
      "filter.evil.smudge",
      "filter.evil.process",
      "core.pager",
    ];
    for (const key of evil) git(one.workspace, "config", key, script);
    git(one.workspace, "config", "core.hooksPath", root);
    for (const hook of ["post-index-change", "reference-transaction", "post-checkout"])
      writeFileSync(join(root, hook), `#!/bin/sh\ntouch ${canary}\n`, { mode: 0o755 });
    write(".gitattributes", "* filter=evil\n");
    write("a.txt", "a\n");
    await take();
    expect(existsSync(canary)).toBe(false);
  });

  it("holds the files, and says that it does, when the agent deleted .git", async () => {
    write("a.txt", "a\n");
    git(one.workspace, "add", "--all");
    git(one.workspace, "commit", "--quiet", "-m", "mine");
    await take();
    rmSync(at(".git"), { recursive: true });
    write("b.txt", "b\n");
    const captured = await take();
    expect(captured).toMatchObject({ isAlone: true, branch: null });
    const two = await moved(captured);
    expect(treeBelow(two.workspace)).toEqual(treeBelow(one.workspace));
  });

  it("is made of all files again when objects or the index got lost", async () => {
    write("a.txt", "a\n");
    git(one.workspace, "add", "--all");
    await take();
    git(one.workspace, "rm", "--quiet", "--cached", "a.txt");
    git(one.workspace, "gc", "--quiet", "--prune=now");
    writeFileSync(one.store.index, "not an index");
    write("b.txt", "b\n");
    const captured = await take();
    expect(captured.isAlone).toBe(false);
    expect(treeBelow((await moved(captured)).workspace)).toEqual(treeBelow(one.workspace));
  });

  it("is a plain tar with a git bundle in it", async () => {
    write("a.txt", "a\n");
    const { packed } = await take();
    const { stdout } = spawnSync("tar", ["-tf", packed.file], { encoding: "utf8" });
    expect(stdout).toBe("checkpoint.json\nfiles.jsonl.zst\nworkspace.bundle\n");
  });

  it("takes 20,000 new files", { timeout: 120_000 }, async () => {
    for (let n = 0; n < 20_000; n += 1) {
      if (n % 200 === 0) mkdirSync(at(`d${n / 200}`));
      writeFileSync(at(`d${Math.floor(n / 200)}/f${n}`), `file ${n}\n`);
    }
    const two = await openLabWorkspace(join(root, "two"));
    expect(await two.restore(one, await take())).toMatchObject({ ok: true, files: 20_000 });
    expect(readFileSync(join(two.workspace, "d99/f19999"), "utf8")).toBe("file 19999\n");
  });
});

describe("a checkpoint of a repository", () => {
  let root: string;
  let origin: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), "agency-checkpoint-"));
    origin = join(root, "origin");
    mkdirSync(origin);
    git(origin, "init", "--quiet", "-b", "main");
    writeFileSync(join(origin, "a.txt"), "a\n".repeat(10_000));
    git(origin, "add", "--all");
    git(origin, "commit", "--quiet", "-m", "base");
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));
  const url = (): string => `file://${origin}`;

  it("holds only what lies between the repository and now", async () => {
    const one = await openLabWorkspace(join(root, "one"), { url: url() });
    expect(await one.take()).toBeNull();
    writeFileSync(join(one.workspace, "b.txt"), "b\n");
    const captured = await one.take();
    expect(captured?.packed.bytes).toBeLessThan(8 * 1024);
    git(origin, "commit", "--quiet", "--allow-empty", "-m", "the base moves");
    const two = await openLabWorkspace(join(root, "two"), { url: url() });
    expect(captured && (await two.restore(one, captured))).toMatchObject({
      ok: true,
      base: one.base,
      files: 1,
    });
    expect(git(two.workspace, "rev-parse", "HEAD")).toBe(one.base);
    expect(git(two.workspace, "status", "--porcelain")).toBe("?? b.txt");
    expect(treeBelow(two.workspace)).toEqual(treeBelow(one.workspace));
  });

  it("says why it cannot be used when the repository's history was rewritten", async () => {
    const one = await openLabWorkspace(join(root, "one"), { url: url() });
    writeFileSync(join(one.workspace, "b.txt"), "b\n");
    const captured = await one.take();
    const rewrite = (): void => {
      git(origin, "commit", "--quiet", "--amend", "-m", "rewritten");
      git(origin, "reflog", "expire", "--expire=now", "--all");
    };
    rewrite();
    const two = await openLabWorkspace(join(root, "two"), { url: url() });
    // The host still hands the commit out by its name.
    expect(captured && (await two.restore(one, captured))).toMatchObject({ ok: true });
    git(origin, "gc", "--quiet", "--prune=now");
    const three = await openLabWorkspace(join(root, "three"), { url: url() });
    expect(captured && (await three.restore(one, captured))).toMatchObject({
      ok: false,
      problem: expect.stringContaining("history was rewritten"),
    });
  });

  it.each(["main/deeper", "HEAD/../../x", "a..b", "@{x"])(
    "goes on detached when its branch %s cannot be made here",
    async (branch) => {
      const one = await openLabWorkspace(join(root, "one"), { url: url() });
      writeFileSync(join(one.workspace, "b.txt"), "b\n");
      git(one.workspace, "add", "--all");
      git(one.workspace, "commit", "--quiet", "-m", "mine");
      const captured = await one.take();
      const two = await openLabWorkspace(join(root, "two"), { url: url() });
      const restored = captured && (await two.restore(one, { ...captured, branch }));
      expect(restored).toMatchObject({ ok: true, lostBranch: branch, hasCommits: true, files: 1 });
      expect(git(two.workspace, "rev-parse", "HEAD")).toBe(captured?.head);
      expect(git(two.workspace, "status", "--porcelain", "--branch")).toBe("## HEAD (no branch)");
      expect(git(two.workspace, "rev-parse", "main")).toBe(one.base);
      expect(treeBelow(two.workspace)).toEqual(treeBelow(one.workspace));
    },
  );

  it("holds what a sparse checkout took out of the workspace, and not what was deleted", async () => {
    for (const name of ["in/a", "out/b", "in/gone"]) {
      mkdirSync(join(origin, name, ".."), { recursive: true });
      writeFileSync(join(origin, name), name);
    }
    git(origin, "add", "--all");
    git(origin, "commit", "--quiet", "-m", "two folders");
    const one = await openLabWorkspace(join(root, "one"), { url: url() });
    git(one.workspace, "sparse-checkout", "set", "--no-cone", "in");
    rmSync(join(one.workspace, "in", "gone"));
    writeFileSync(join(one.workspace, "in", "new"), "n");
    expect([...treeBelow(one.workspace).keys()].toSorted()).toEqual(["/in/a", "/in/new"]);
    const captured = await one.take();
    expect(await one.take(captured?.signature)).toBeNull();
    const two = await openLabWorkspace(join(root, "two"), { url: url() });
    expect(captured && (await two.restore(one, captured))).toMatchObject({ ok: true, files: 2 });
    expect(
      git(two.workspace, "status", "--porcelain")
        .split("\n")
        .map((line) => line.trim()),
    ).toEqual(["D in/gone", "?? in/new"]);
  });

  it.each([
    ["that its index has no more", ["rm", "--quiet", "--cached", "sub"], "D  sub\n?? sub/"],
    ["that nobody fetched", ["status"], ""],
  ])("brings back files in the place of a submodule %s", async (_, command, status) => {
    git(origin, "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", url(), "sub");
    git(origin, "commit", "--quiet", "-m", "with a submodule");
    const one = await openLabWorkspace(join(root, "one"), { url: url() });
    expect(await one.take()).toBeNull();
    git(one.workspace, ...command);
    writeFileSync(join(one.workspace, "sub", "mine.txt"), "m\n");
    expect(git(one.workspace, "status", "--porcelain")).toBe(status);
    const captured = await one.take();
    const two = await openLabWorkspace(join(root, "two"), { url: url() });
    expect(captured && (await two.restore(one, captured))).toMatchObject({ ok: true });
    expect(treeBelow(two.workspace)).toEqual(treeBelow(one.workspace));
    writeFileSync(join(one.workspace, "sub", "more.txt"), "m\n");
    expect((await one.take(captured?.signature))?.signature).not.toBe(captured?.signature);
  });
});
