import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { git } from "../testing/git-server.ts";
import { WorkRoom } from "../testing/work-room.ts";
import { cleanCheckout } from "./clean-checkout.ts";
import { hasMoved, pushBranch, rebaseWork } from "./push-branch.ts";

const BRANCH = "agency/task/work";

describe("pushing the work", () => {
  let room: WorkRoom;
  let base: string;
  let url: string;
  beforeEach(async () => {
    room = await WorkRoom.open();
    base = room.head;
    url = join(room.root, "origin");
    mkdirSync(url);
    git(url, "init", "--quiet", "--bare");
  });
  afterEach(() => room.close());

  function commit(path: string, content = path): string {
    room.write(path, content);
    room.run("add", "--all");
    room.run("commit", "--quiet", "-m", path);
    return room.head;
  }
  const push = (commit: string, branch = BRANCH) => pushBranch({ ...room.parts, url, branch, commit });
  const at = (branch = BRANCH): string => git(url, "rev-parse", `refs/heads/${branch}`);
  /** Somebody else's commit on the branch, from the base. */
  function theirs(path: string, content: string): void {
    room.run("checkout", "--quiet", "--detach", base);
    room.run("push", "--quiet", "--force", url, `${commit(path, content)}:refs/heads/pr`);
  }

  it("goes to the address of the task, whatever the agent made of origin, without its hooks", async () => {
    room.run("remote", "add", "origin", "https://evil.invalid/");
    room.run("config", "remote.origin.push", "refs/heads/*");
    room.write(".git/hooks/pre-push", "#!/bin/sh\nexit 1\n", 0o755);
    const work = commit("b.txt");
    expect(await push(work)).toEqual({ kind: "pushed" });
    expect(at()).toBe(work);
  });

  it("replaces what an earlier attempt pushed to the task's own branch", async () => {
    const first = commit("b.txt");
    await push(first);
    room.run("reset", "--quiet", "--hard", base);
    const second = commit("c.txt");
    expect(await push(second)).toEqual({ kind: "pushed" });
    expect(at()).toBe(second);
  });

  it("is done once more when the branch has it already: whoever watches has to see it", async () => {
    const work = commit("b.txt");
    await push(work);
    git(url, "config", "core.logAllRefUpdates", "always");
    expect(await push(work)).toEqual({ kind: "pushed" });
    expect(git(url, "reflog", "show", "--format=%H", `refs/heads/${BRANCH}`).split("\n")).toEqual([
      work,
      room.run("rev-parse", `${work}^`),
    ]);
    expect(at()).toBe(work);
  });

  it("tells in git's words why it was refused", async () => {
    const hook = join(url, "hooks", "pre-receive");
    mkdirSync(join(url, "hooks"), { recursive: true });
    writeFileSync(hook, "#!/bin/sh\necho 'protected branch' >&2\nexit 1\n", { mode: 0o755 });
    const refused = await push(commit("b.txt"));
    expect(refused).toMatchObject({ kind: "refused", problem: expect.stringContaining("protected branch") });
    url = join(room.root, "nowhere");
    expect(await push(room.head)).toMatchObject({
      kind: "refused",
      problem: expect.stringContaining("does not appear to be a git repository"),
    });
  });

  async function rebase(work: string) {
    const made = await cleanCheckout({ ...room.parts, from: join(room.workspace, ".git"), commit: work });
    if (!made.ok) throw new Error(made.problem);
    const { git, remove } = made.checkout;
    const rebased = await rebaseWork({ git, url, branch: "pr", base, commit: work, signal: room.signal });
    const pushed = rebased.ok
      ? await pushBranch({
          git,
          url,
          branch: "pr",
          commit: rebased.commit,
          signal: room.signal,
        })
      : null;
    await remove();
    return { rebased, pushed };
  }

  it("is put on top of what others pushed meanwhile", async () => {
    theirs("theirs.txt", "t");
    room.run("checkout", "--quiet", "--detach", base);
    const work = commit("ours.txt");
    const question = { ...room.parts, url, branch: "pr" };
    expect(await hasMoved({ ...question, base })).toBe(true);
    expect(await hasMoved({ ...question, base: at("pr") })).toBe(false);
    expect(await hasMoved({ ...question, base, url: join(room.root, "nowhere") })).toBe(false);
    const { rebased, pushed } = await rebase(work);
    expect(pushed).toEqual({ kind: "pushed" });
    expect(rebased).toMatchObject({ ok: true, commit: at("pr"), commits: [at("pr")] });
    expect(git(url, "ls-tree", "--name-only", "pr")).toBe("a.txt\nours.txt\ntheirs.txt");
  });

  it("names the files in which it conflicts with others, and changes nothing", async () => {
    theirs("a.txt", "theirs\n");
    const before = at("pr");
    room.run("checkout", "--quiet", "--detach", base);
    const { rebased } = await rebase(commit("a.txt", "ours\n"));
    expect(rebased).toEqual({ ok: false, problem: 'The work conflicts with pr in "a.txt".' });
    expect(at("pr")).toBe(before);
  });
});
