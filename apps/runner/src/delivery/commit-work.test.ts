import { closeSync, existsSync, ftruncateSync, openSync, symlinkSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { WorkRoom } from "../testing/work-room.ts";
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
    const made = await commitWork({ ...room.parts, base, commits, message: "the work" });
    if (!made.ok) throw new Error(made.problem);
    return made;
  }
  const tree = (commit: string | null): string[] =>
    room.run("ls-tree", "-r", "--name-only", "-z", String(commit)).split("\0").filter(Boolean);
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
    expect(room.run("log", "--format=%s %an %P", "-1", String(made))).toBe(`the work Tester ${base}`);
    expect(tree(made)).toEqual([".gitignore", "a.txt", "mine.txt", "new\nline.txt"]);
    expect(commits).toEqual([made]);
    expect(notices).toEqual([]);
    // The agent's branch, index and files stay as they are.
    expect([room.head, room.run("status", "--porcelain")]).toEqual([head, before]);
    expect(room.run("rev-parse", "refs/agency/result")).toBe(made);
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
    expect(room.run("log", "--format=%P", "-1", String(made))).toBe(own);
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
    expect(room.run("cat-file", "-p", `${made}:link`)).toBe("/etc/passwd");
  });

  it("that cannot be made is a problem, not an exception", async () => {
    const made = await commitWork({
      ...room.parts,
      base: "nowhere",
      commits: "squash",
      message: "x",
    });
    expect(made).toMatchObject({ ok: false });
  });
});
