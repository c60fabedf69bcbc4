import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  closeSync,
  existsSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { WorkRoom } from "../testing/work-room.ts";
import { openOwnRepository } from "../workspace/own-repository.ts";
import type { OwnRepository } from "../workspace/own-repository.ts";
import { commitWork } from "./commit-work.ts";

describe("the commit of the work", () => {
  let room: WorkRoom;
  let base: string;
  beforeEach(async () => {
    room = await WorkRoom.open({ "a.txt": "one\n", "gone.txt": "x\n", ".gitignore": "*.log\n" });
    base = room.head;
  });
  afterEach(() => room.close());

  async function commit(commits: "squash" | "keep" = "squash") {
    const made = await commitWork({ ...room.parts, ...(await own()), base, commits, message: "the work" });
    if (!made.ok) throw new Error(made.problem);
    return made;
  }
  async function own(): Promise<{ repository: OwnRepository }> {
    const opened = await openOwnRepository(room.parts);
    if (!opened.ok) throw new Error(opened.problem);
    return opened;
  }
  const tree = (commit: string | null): string[] =>
    room.runOwn("ls-tree", "-r", "--name-only", "-z", String(commit)).split("\0").filter(Boolean);
  function workAndCommit(): void {
    room.write("mine.txt", "mine\n");
    room.run("add", "mine.txt");
    room.run("commit", "--quiet", "-m", "agent's own");
  }

  it("is one on top of the base, with everything that is not ignored", async () => {
    workAndCommit();
    room.write("new\nline.txt", "n");
    room.write("debug.log", "ignored");
    room.run("rm", "--quiet", "gone.txt");
    const before = room.run("status", "--porcelain");
    const head = room.head;
    const { commit: made, commits, notices } = await commit();
    expect(room.runOwn("log", "--format=%s %an %P", "-1", String(made))).toBe(`the work Tester ${base}`);
    expect(tree(made)).toEqual([".gitignore", "a.txt", "mine.txt", "new\nline.txt"]);
    expect(commits).toEqual([made]);
    expect(notices).toEqual([]);
    // The agent's branch, index and files stay as they are.
    expect([room.head, room.run("status", "--porcelain")]).toEqual([head, before]);
  });

  it("sees a change of the same length within the second of the checkout", async () => {
    const then = 1_700_000_000;
    // The change of the inode cannot be dated; git is told not to look at it.
    room.run("config", "core.trustctime", "false");
    utimesSync(join(room.workspace, "a.txt"), then, then);
    room.run("update-index", "--refresh");
    room.write("a.txt", "two\n");
    utimesSync(join(room.workspace, "a.txt"), then, then);
    utimesSync(join(room.workspace, ".git", "index"), then, then);
    expect((await commit()).commit).not.toBeNull();
  });

  it("keeps the agent's own commits when asked, with one for the rest", async () => {
    workAndCommit();
    const own = room.head;
    expect(await commit("keep")).toMatchObject({ commit: own, commits: [own] });
    room.write("rest.txt", "r");
    const { commit: made, commits } = await commit("keep");
    expect(commits).toEqual([made, own]);
    expect(room.runOwn("log", "--format=%P", "-1", String(made))).toBe(own);
  });

  it("is one when the agent's commits do not stand on the base", async () => {
    room.run("checkout", "--quiet", "--orphan", "elsewhere");
    room.run("commit", "--quiet", "-m", "another root");
    room.write("b.txt", "b");
    const { commits, notices } = await commit("keep");
    expect(commits).toHaveLength(1);
    expect(notices).toEqual([expect.stringContaining("do not stand on")]);
  });

  it.each(["squash", "keep"] as const)("is none when nothing has changed (%s)", async (commits) => {
    expect(await commit(commits)).toMatchObject({ commit: null, commits: [] });
  });

  it("runs no hook and nothing else of the agent's settings", async () => {
    const canary = join(room.root, "canary");
    const script = `#!/bin/sh\ntouch ${canary}\n`;
    for (const hook of [
      "pre-commit",
      "commit-msg",
      "post-commit",
      "reference-transaction",
      "post-index-change",
    ])
      room.write(`.git/hooks/${hook}`, script, 0o755);
    room.run("config", "commit.gpgSign", "true");
    room.run("config", "gpg.program", canary);
    room.write("b.txt", "b");
    expect((await commit()).commit).toMatch(/^[0-9a-f]{40}$/);
    expect(existsSync(canary)).toBe(false);
  });

  it("has what the agent's index was told not to look at", async () => {
    room.run("update-index", "--assume-unchanged", "a.txt");
    room.run("update-index", "--skip-worktree", "gone.txt");
    room.write("a.txt", "two\n");
    room.write("gone.txt", "y\n");
    const { commit: made, notices } = await commit();
    expect(room.runOwn("show", `${made}:a.txt`)).toBe("two");
    expect(room.runOwn("show", `${made}:gone.txt`)).toBe("y");
    expect(notices).toEqual([]);
  });

  it("keeps what a sparse checkout took out of the workspace, and says so", async () => {
    room.run("update-index", "--skip-worktree", "gone.txt");
    rmSync(join(room.workspace, "gone.txt"));
    rmSync(join(room.workspace, "a.txt"));
    const { commit: made, notices } = await commit();
    expect(tree(made)).toEqual([".gitignore", "gone.txt"]);
    expect(notices).toEqual([expect.stringMatching(/sparse checkout left 1 files.*"gone.txt" first/)]);
  });

  it("keeps that also where most of the agent's index lies in a second file", async () => {
    room.run("update-index", "--skip-worktree", "gone.txt");
    room.run("update-index", "--split-index");
    rmSync(join(room.workspace, "gone.txt"));
    room.write("a.txt", "two\n");
    const { commit: made, notices } = await commit();
    expect(tree(made)).toEqual([".gitignore", "a.txt", "gone.txt"]);
    expect(notices).toEqual([expect.stringContaining("sparse checkout")]);
  });

  it("is not held up by a pipe in the place of the agent's index", async () => {
    rmSync(join(room.workspace, ".git", "index"));
    spawnSync("mkfifo", [join(room.workspace, ".git", "index")]);
    room.write("b.txt", "b");
    expect(tree((await commit()).commit)).toContain("b.txt");
  });

  it("is not held up by a pipe in the place of a part of that index", async () => {
    room.run("update-index", "--split-index");
    const folder = join(room.workspace, ".git");
    for (const name of readdirSync(folder).filter((one) => one.startsWith("sharedindex."))) {
      rmSync(join(folder, name));
      spawnSync("mkfifo", [join(folder, name)]);
    }
    room.write("b.txt", "b");
    expect(tree((await commit()).commit)).toContain("b.txt");
  });

  it("has what the agent excluded from git by anything but a .gitignore", async () => {
    const home = join(room.root, "home");
    mkdirSync(join(home, ".config", "git"), { recursive: true });
    writeFileSync(join(home, ".config", "git", "ignore"), "by-home.txt\n");
    writeFileSync(join(home, ".gitconfig"), `[core]\n\texcludesFile = ${join(home, "list")}\n`);
    writeFileSync(join(home, "list"), "by-setting.txt\n");
    room.env = { ...room.env, HOME: home };
    room.write(".git/info/exclude", "by-info.txt\n");
    const hidden = ["by-home.txt", "by-info.txt", "by-setting.txt"];
    for (const path of hidden) room.write(path, "x");
    room.write("debug.log", "ignored");
    expect(tree((await commit()).commit)).toEqual([".gitignore", "a.txt", ...hidden, "gone.txt"]);
  });

  it("has the bytes the agent wrote, whatever its settings make of them", async () => {
    const canary = join(room.root, "canary");
    room.write(".git/info/attributes", "* filter=evil text eol=crlf\n");
    room.run("config", "filter.evil.clean", `touch ${canary}; echo replaced`);
    room.run("config", "filter.evil.required", "true");
    room.run("config", "core.autocrlf", "true");
    room.run("config", "core.fileMode", "false");
    room.run("config", "core.symlinks", "false");
    room.write("a.txt", "one\r\ntwo\r\n");
    room.write("run.sh", "#!/bin/sh\n", 0o755);
    const { commit: made } = await commit();
    expect(room.runOwn("cat-file", "-s", `${made}:a.txt`)).toBe("10");
    expect(room.runOwn("ls-tree", String(made), "run.sh")).toMatch(/^100755/);
    expect(existsSync(canary)).toBe(false);
  });

  it("has the change of a file that the agent dated back to what its index says", async () => {
    const path = join(room.workspace, "a.txt");
    const { atime, mtime } = statSync(path);
    room.run("config", "core.trustctime", "false");
    room.run("config", "core.checkStat", "minimal");
    room.write("a.txt", "eno\n");
    utimesSync(path, atime, mtime);
    expect(room.runOwn("show", `${(await commit()).commit}:a.txt`)).toBe("eno");
  });

  it.each([
    ["a link", (place: string, at: string) => symlinkSync(place, at)],
    ["a file", (place: string, at: string) => writeFileSync(at, `gitdir: ${place}\n`)],
    ["gone", () => undefined],
  ])("is not made where the repository was replaced (%s): that is told", async (now, replace) => {
    const at = join(room.workspace, ".git");
    const place = join(room.root, "elsewhere");
    renameSync(at, place);
    replace(place, at);
    expect(await openOwnRepository(room.parts)).toMatchObject({
      ok: false,
      problem: expect.stringMatching(new RegExp(`replaced the repository.*is ${now}`)),
    });
  });

  it("names a repository inside, and says that its files are missing", async () => {
    room.write("inner/file.txt", "i");
    room.run("-C", "inner", "init", "--quiet");
    room.run("-C", "inner", "add", "--all");
    room.run("-C", "inner", "commit", "--quiet", "-m", "inner");
    const { commit: made, notices } = await commit();
    expect(room.runOwn("ls-tree", String(made), "inner")).toMatch(/^160000 commit/);
    expect(notices).toEqual([expect.stringContaining('"inner" is a repository of its own')]);
  });

  describe("of a repository with a submodule", () => {
    beforeEach(() => {
      room.write("module/old.txt", "o");
      room.run("-C", "module", "init", "--quiet");
      room.run("-C", "module", "add", "--all");
      room.run("-C", "module", "commit", "--quiet", "-m", "module");
      room.run("add", "--all");
      room.run("commit", "--quiet", "-m", "with a submodule");
      base = room.head;
    });

    it("runs nothing that the submodule's settings name", async () => {
      const canary = join(room.root, "canary");
      room.write("module/.gitattributes", "* filter=evil\n");
      room.run("-C", "module", "config", "filter.evil.clean", `touch ${canary}; cat`);
      room.write("module/old.txt", "n");
      room.write("a.txt", "two\n");
      expect((await commit()).commit).not.toBeNull();
      expect(existsSync(canary)).toBe(false);
    });

    it("has the commit that the submodule is at now", async () => {
      room.run("-C", "module", "commit", "--quiet", "--allow-empty", "-m", "next");
      const now = room.run("-C", "module", "rev-parse", "HEAD");
      expect(room.runOwn("ls-tree", String((await commit()).commit), "module")).toContain(now);
    });

    it("is not whole where the submodule may have changes of its own", async () => {
      room.write("module/old.txt", "n");
      expect(await commit()).toMatchObject({ commit: null, isWhole: false });
    });

    it("has the files that the agent put in its place", async () => {
      rmSync(join(room.workspace, "module", ".git"), { recursive: true });
      room.write("module/new.txt", "n");
      room.run("rm", "--quiet", "--cached", "module");
      const { commit: made, isWhole } = await commit();
      expect(tree(made)).toEqual(expect.arrayContaining(["module/new.txt", "module/old.txt"]));
      expect(isWhole).toBe(true);
    });

    it("goes on naming one that nobody fetched, and says of files in its folder that they are missing", async () => {
      rmSync(join(room.workspace, "module"), { recursive: true });
      mkdirSync(join(room.workspace, "module"));
      expect(await commit()).toMatchObject({ commit: null, isWhole: true, notices: [] });
      room.write("module/new.txt", "n");
      const { commit: made, isWhole, notices } = await commit();
      expect({ made, isWhole }).toEqual({ made: null, isWhole: false });
      expect(notices).toEqual([expect.stringContaining('"module" first: these are not in the commit')]);
    });

    it.each([
      ["has been removed", () => undefined, /^$/],
      ["is a file now", () => room.write("module", "f"), /^100644 blob/],
    ])("has no submodule that %s", async (_, replace, now) => {
      rmSync(join(room.workspace, "module"), { recursive: true });
      replace();
      expect(room.runOwn("ls-tree", String((await commit()).commit), "module")).toMatch(now);
    });
  });

  it("has what Git LFS keeps by its name, as everybody else has it, and says where the contents are", async () => {
    room.write(".gitattributes", "*.bin filter=lfs diff=lfs merge=lfs -text\n");
    room.write("old.bin", pointerOf("old"));
    room.run("add", "--all");
    room.run("commit", "--quiet", "-m", "with pointers");
    base = room.head;
    // Its contents were fetched: that is no change.
    room.write("old.bin", "old");
    room.write("new.bin", "new");
    const { commit: made, notices } = await commit();
    expect(room.runOwn("diff", "--name-only", base, String(made))).toBe("new.bin");
    expect(`${room.runOwn("show", `${made}:new.bin`)}\n`).toBe(pointerOf("new"));
    expect(notices).toEqual([expect.stringContaining('of 1 changed files, "new.bin" first')]);
  });

  it("leaves out a file no code host takes, at once, and says so", async () => {
    const file = openSync(join(room.workspace, "huge\n.bin"), "w");
    ftruncateSync(file, 5 * 1024 ** 3);
    closeSync(file);
    room.write("b.txt", "b");
    const { commit: made, notices } = await commit();
    expect(tree(made)).toContain("b.txt");
    expect(tree(made)).not.toContain("huge\n.bin");
    expect(notices).toEqual([expect.stringContaining("huge\\n.bin")]);
  });

  it("leaves out pictures the agent took to show its work", async () => {
    room.write(".agency/screenshots/1.png", "p");
    expect((await commit()).commit).toBeNull();
  });

  it("keeps links as links, and goes on when a repository inside has no commit", async () => {
    symlinkSync("/etc/passwd", join(room.workspace, "link"));
    room.write("inner/file.txt", "i");
    room.run("-C", "inner", "init", "--quiet");
    room.write("outer.txt", "o");
    const { commit: made } = await commit();
    expect(tree(made)).toEqual(expect.arrayContaining(["link", "outer.txt"]));
    expect(room.runOwn("cat-file", "-p", `${made}:link`)).toBe("/etc/passwd");
  });

  it("that cannot be made is a problem, not an exception", async () => {
    const made = await commitWork({
      ...room.parts,
      ...(await own()),
      base: "nowhere",
      commits: "squash",
      message: "x",
    });
    expect(made).toMatchObject({ ok: false });
  });
});

/** In place of a file's contents, as `git-lfs clean` writes it. */
function pointerOf(contents: string): string {
  const oid = createHash("sha256").update(contents).digest("hex");
  return `version https://git-lfs.github.com/spec/v1\noid sha256:${oid}\nsize ${contents.length}\n`;
}
