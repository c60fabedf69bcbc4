import { execFileSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { Task } from "@agency/contract";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { processes } from "../processes.ts";
import { FakeApi } from "../testing/fake-api.ts";
import { tarZst } from "../testing/tar.ts";
import { envFor, testCli } from "../testing/test-cli.ts";

let api: FakeApi;
let folder: string;
beforeEach(async () => {
  api = await new FakeApi().start();
  folder = realpathSync(mkdtempSync(join(tmpdir(), "agency-apply-")));
});
afterEach(async () => {
  rmSync(folder, { recursive: true, force: true });
  await api.stop();
});

const at = (name: string) => join(folder, name);
const put = (name: string, text: string | Buffer) => writeFileSync(at(name), text);
const read = (name: string) => readFileSync(at(name), "utf8");
const git = (...args: string[]) => {
  const who = ["-c", "user.name=A", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false"];
  return execFileSync("git", [...who, ...args], { cwd: folder, encoding: "buffer", stdio: "pipe" });
};
const status = () => git("status", "--porcelain").toString();
const cliHere = (cwd = folder) => testCli({ env: envFor(api), world: { cwd, processes } });

/** A repository in which a task worked: the tree is as it was before, the patch is with the server. */
function workOfTask(change: () => void, ...more: string[]): Task {
  git("init", "-q");
  for (const name of more) {
    mkdirSync(dirname(at(name)), { recursive: true });
    put(name, "in\n");
  }
  put("a.txt", "1\n2\n3\n4\n5\n6\n7\n8\n9\n");
  put("old.txt", "same\n".repeat(20));
  put("run.sh", "#!/bin/sh\n");
  put("picture.bin", Buffer.from([0, 1, 2, 3]));
  put("gone.txt", "bye\n");
  chmodSync(at("run.sh"), 0o644);
  git("add", "-A");
  git("commit", "-qm", "base");
  change();
  git("add", "-A");
  const patch = git("diff", "--cached", "--binary", "--full-index", "--find-renames");
  git("reset", "-q", "--hard");
  const task = api.addTask({ state: "completed", repository: { url: "https://github.com/owner/name" } });
  api.work.add(task.id, { kind: "patch", name: "changes.patch" }, patch);
  return task;
}

const everyKind = () => {
  put("a.txt", "1\nTWO\n3\n4\n5\n6\n7\n8\n9\n");
  git("mv", "old.txt", "new name.txt");
  chmodSync(at("run.sh"), 0o755);
  put("picture.bin", Buffer.from([9, 0, 255, 1]));
  put("größe.txt", "neu\n");
  rmSync(at("gone.txt"));
};

describe("agency apply in a git work tree", () => {
  it.each(["expired", "not_found"] as const)(
    "goes on without what was sent for it when that is %s",
    async (code) => {
      const task = workOfTask(everyKind);
      const upload = { commit: "c".repeat(40), bytes: 3, sha256: "d".repeat(64) };
      api.update(task.id, { upload });
      const path = `GET /v1/tasks/${task.id}/checkpoints/0/content`;
      api.refuse.set(path, { code, detail: "No longer kept." });
      using cli = cliHere();
      expect(await cli.run("apply", "@last")).toBe(0);
      expect(read("a.txt")).toContain("TWO");
    },
  );

  it("brings every kind of change, and stages nothing", async () => {
    workOfTask(everyKind);
    using cli = cliHere();
    expect(await cli.run("apply", "@last")).toBe(0);
    expect(read("a.txt")).toContain("TWO");
    expect([existsSync(at("old.txt")), existsSync(at("new name.txt")), existsSync(at("gone.txt"))]).toEqual([
      false,
      true,
      false,
    ]);
    expect(statSync(at("run.sh")).mode & 0o111).toBe(0o111);
    expect(readFileSync(at("picture.bin"))).toEqual(Buffer.from([9, 0, 255, 1]));
    expect(read("größe.txt")).toBe("neu\n");
    expect(git("diff", "--cached", "--name-only").toString()).toBe("");
    expect(cli.stdout.text).toContain("  change a.txt  +1 −1\n");
    expect(cli.stdout.text).toContain("  change picture.bin  binary\n");
    expect(cli.stdout.text).toContain("  create größe.txt  +1\n");
    expect(cli.stdout.text).toContain("  delete gone.txt  −1\n");
    expect(cli.stdout.text).toContain(`6 files changed in ${folder}; nothing is staged.`);
  });

  it("does nothing the second time, and takes what it brought the first time for no change of one's own", async () => {
    workOfTask(everyKind);
    using first = cliHere();
    await first.run("apply", "@last");
    const after = status();
    using second = cliHere();
    expect(await second.run("apply", "@last")).toBe(0);
    expect(second.stdout.text).toContain(`0 files changed in ${folder}; nothing is staged.`);
    expect(second.stdout.text).toContain("As the task left them already: 6.");
    expect(status()).toBe(after);
    put("a.txt", "1\nTWO\n3\n4\n5\n6\n7\n8\nmine\n");
    using third = cliHere();
    expect(await third.run("apply", "@last")).toBe(0);
    expect(read("a.txt")).toBe("1\nTWO\n3\n4\n5\n6\n7\n8\nmine\n");
  });

  it("works from a folder below, too", async () => {
    workOfTask(everyKind);
    mkdirSync(at("below"));
    using cli = cliHere(at("below"));
    expect(await cli.run("apply", "@last")).toBe(0);
    expect(read("a.txt")).toContain("TWO");
  });

  it("only says what would change with --dry-run", async () => {
    workOfTask(everyKind);
    using cli = cliHere();
    expect(await cli.run("apply", "@last", "--dry-run")).toBe(0);
    expect(status()).toBe("");
    expect(cli.stdout.text).toContain("6 files would change");
  });

  it("leaves changes of one's own alone, and names them", async () => {
    workOfTask(everyKind);
    put("a.txt", "mine\n");
    put("größe.txt", "also mine\n");
    put("unrelated.txt", "x");
    using cli = cliHere();
    expect(await cli.run("apply", "@last")).toBe(1);
    expect(cli.stderr.text).toContain("changes of your own in 2 files");
    expect(cli.stderr.text).toMatch(/ {4}a\.txt\n {4}größe\.txt\n/);
    expect(cli.stderr.text).not.toContain("unrelated");
    expect([read("a.txt"), read("größe.txt"), existsSync(at("old.txt"))]).toEqual([
      "mine\n",
      "also mine\n",
      true,
    ]);
  });

  const folderToFile = () => {
    workOfTask(() => {
      rmSync(at("d"), { recursive: true });
      put("d", "a file now\n");
    }, "d/in.txt");
  };

  it("takes a submodule that the task moved on for no folder in its way", async () => {
    const of = (commit: string) => git("update-index", "--add", "--cacheinfo", `160000,${commit},sub`);
    git("init", "-q");
    of("1".repeat(40));
    git("commit", "-qm", "base");
    of("2".repeat(40));
    const patch = git("diff", "--cached", "--binary", "--full-index");
    git("reset", "-q", "--hard");
    mkdirSync(at("sub"), { recursive: true });
    put("sub/inside.txt", "x");
    const repository = { url: "https://github.com/owner/name" };
    const task = api.addTask({ state: "completed", repository });
    api.work.add(task.id, { kind: "patch", name: "changes.patch" }, patch);
    using cli = cliHere();
    await cli.run("apply", "@last");
    expect(cli.stderr.text).not.toContain("folders of yours");
  });

  it("puts a file where a folder was, when nothing else is in it", async () => {
    folderToFile();
    using cli = cliHere();
    expect(await cli.run("apply", "@last")).toBe(0);
    expect(read("d")).toBe("a file now\n");
  });

  it.each([[], ["--force"]])(
    "leaves a folder with a file of one's own where it is, with %j too",
    async (...flags) => {
      folderToFile();
      put("d/mine.txt", "mine\n");
      using cli = cliHere();
      expect(await cli.run("apply", "@last", ...flags)).toBe(1);
      expect(cli.stderr.text).toContain("where folders of yours are");
      expect(cli.stderr.text).toContain("\n    d\n");
      expect([read("d/mine.txt"), read("d/in.txt")]).toEqual(["mine\n", "in\n"]);
    },
  );

  it("says of a task that went on from another one that its work holds that of the other", async () => {
    const task = workOfTask(everyKind);
    const parent = "01a1fc53-118c-7da2-b70b-964436bafa70";
    api.update(task.id, { resumedFrom: { taskId: parent, checkpoint: 1 } });
    put("a.txt", "mine\n");
    using cli = cliHere();
    expect(await cli.run("apply", "@last")).toBe(1);
    expect(cli.stderr.text).toContain(`If it is what you applied of task ${parent}, take that back instead`);
  });

  it("sees ignored files that are in the way", async () => {
    workOfTask(() => put("made.txt", "its\n"));
    put(".git/info/exclude", "made.txt\n");
    put("made.txt", "mine\n");
    using cli = cliHere();
    expect(await cli.run("apply", "@last")).toBe(1);
    expect(read("made.txt")).toBe("mine\n");
  });

  it("merges into changes of one's own with --force, and leaves what is staged as it is", async () => {
    workOfTask(() => put("a.txt", "1\nTWO\n3\n4\n5\n6\n7\n8\n9\n"));
    put("a.txt", "1\n2\n3\n4\n5\n6\n7\n8\nNINE\n");
    put("staged.txt", "x\n");
    git("add", "staged.txt");
    using cli = cliHere();
    expect(await cli.run("apply", "@last", "--force")).toBe(0);
    expect(read("a.txt")).toBe("1\nTWO\n3\n4\n5\n6\n7\n8\nNINE\n");
    expect(git("diff", "--cached", "--name-only").toString()).toBe("staged.txt\n");
  });

  it("reports conflicts, writes them only with --force, and fails then", async () => {
    workOfTask(() => put("a.txt", "1\nTWO\n3\n4\n5\n6\n7\n8\n9\n"));
    put("a.txt", "1\nzwei\n3\n4\n5\n6\n7\n8\n9\n");
    git("commit", "-qam", "moved on");
    using cli = cliHere();
    expect(await cli.run("apply", "@last")).toBe(1);
    expect(cli.stderr.text).toContain("1 file changed here and in the task at the same place:\n    a.txt");
    expect(status()).toBe("");
    using forced = cliHere();
    expect(await forced.run("apply", "@last", "--force")).toBe(1);
    expect(read("a.txt")).toMatch(/<<<<<<< ours\nzwei\n=======\nTWO\n>>>>>>> theirs/);
    expect(forced.stderr.text).toContain("1 file conflict: look for <<<<<<< in:\n  a.txt");
  });

  it("refuses a patch of another repository with git's own words", async () => {
    const task = workOfTask(everyKind);
    git("rm", "-qr", ".");
    git("commit", "-qm", "another one");
    using cli = cliHere();
    expect(await cli.run("apply", task.id, "--force")).toBe(1);
    expect(cli.stderr.text).toContain("The patch does not fit this work tree.");
    expect(status()).toBe("");
  });

  it.each(["../evil.txt", ".git/hooks/post-checkout", "/evil.txt"])("never writes to %s", async (path) => {
    git("init", "-q");
    const { id } = api.addTask({ state: "completed", repository: { url: "https://github.com/owner/name" } });
    const lines = [`diff --git a/${path} b/${path}`, "new file mode 100755", "index 0000000..9daeafb"];
    const body = ["--- /dev/null", `+++ b/${path}`, "@@ -0,0 +1 @@", "+evil", ""];
    api.work.add(id, { kind: "patch", name: "changes.patch" }, [...lines, ...body].join("\n"));
    using cli = cliHere();
    expect(await cli.run("apply", "@last", "--force")).toBe(1);
    expect([existsSync(join(folder, path)), existsSync(join(folder, "..", "evil.txt"))]).toEqual([
      false,
      false,
    ]);
  });

  it("says so when nothing was changed, or nothing is there yet", async () => {
    git("init", "-q");
    const repository = { url: "https://github.com/owner/name" };
    const { id } = api.addTask({ state: "completed", repository });
    api.work.add(id, { kind: "patch", name: "changes.patch" }, "");
    using cli = cliHere();
    expect([await cli.run("apply", "@last"), cli.stdout.text]).toEqual([0, "The task changed nothing.\n"]);
    api.addTask({ state: "running", repository });
    using early = cliHere();
    expect(await early.run("apply", "@last")).toBe(3);
    expect(early.stderr.text).toContain("It is stored when the task ends.");
  });
});

describe("agency apply in any other folder", () => {
  it("unpacks the archive, and nothing that leads out of it", async () => {
    const { id } = api.addTask({ state: "completed" });
    const link = { name: "out", type: "2", link: "/etc" };
    api.work.add(id, { kind: "archive", name: "w.tar.zst" }, tarZst({ name: "a/b.txt", body: "hi" }, link));
    using cli = cliHere();
    expect(await cli.run("apply", "@last", "--dry-run")).toBe(0);
    expect(existsSync(at("a"))).toBe(false);
    expect(await cli.run("apply", "@last")).toBe(0);
    expect(read("a/b.txt")).toBe("hi");
    expect(cli.stdout.text).toContain(`1 file created and 0 replaced in ${folder}.`);
    expect(cli.stderr.text).toContain("out points to the root of the disk");
  });

  it("replaces nothing that differs without --force", async () => {
    const { id } = api.addTask({ state: "completed" });
    api.work.add(
      id,
      { kind: "archive", name: "w" },
      tarZst({ name: "x", body: "its" }, { name: "y", body: "new" }),
    );
    put("x", "mine");
    using cli = cliHere();
    expect(await cli.run("apply", "@last")).toBe(1);
    expect(cli.stderr.text).toContain("1 file here would be replaced by another one:\n    x");
    expect([read("x"), existsSync(at("y"))]).toEqual(["mine", false]);
    using forced = cliHere();
    expect(await forced.run("apply", "@last", "--force")).toBe(0);
    expect(read("x")).toBe("its");
  });

  it("replaces what lies there as the task left it that this one went on from", async () => {
    const files = (x: string, y: string) => tarZst({ name: "x", body: x }, { name: "y", body: y });
    const first = api.addTask({ state: "completed" });
    api.work.add(first.id, { kind: "archive", name: "w" }, files("first", "one"));
    const second = api.addTask({ state: "completed" });
    api.update(second.id, { resumedFrom: { taskId: first.id, checkpoint: 1 } });
    api.work.add(second.id, { kind: "archive", name: "w" }, files("second", "two"));
    using before = cliHere();
    await before.run("apply", first.id);
    put("y", "mine");
    using refused = cliHere();
    expect(await refused.run("apply", second.id)).toBe(1);
    expect(refused.stderr.text).toContain("1 file here would be replaced by another one:\n    y");
    expect([read("x"), read("y")]).toEqual(["first", "mine"]);
    put("y", "one");
    using cli = cliHere();
    expect(await cli.run("apply", second.id)).toBe(0);
    expect(cli.stdout.text).toBe(`  change x\n  change y\n0 files created and 2 replaced in ${folder}.\n`);
    expect([read("x"), read("y")]).toEqual(["second", "two"]);
  });

  it("does not take one's own file for what the first task left, which has a folder there", async () => {
    const [first, second] = [api.addTask({ state: "completed" }), api.addTask({ state: "completed" })];
    api.update(second.id, { resumedFrom: { taskId: first.id, checkpoint: 1 } });
    api.work.add(first.id, { kind: "archive", name: "w" }, tarZst({ name: "x/", type: "5" }));
    api.work.add(second.id, { kind: "archive", name: "w" }, tarZst({ name: "x", body: "its" }));
    put("x", "mine");
    using cli = cliHere();
    expect(await cli.run("apply", second.id)).toBe(1);
    expect(read("x")).toBe("mine");
  });

  it("writes nothing of an archive with one bad name", async () => {
    const { id } = api.addTask({ state: "completed" });
    api.work.add(id, { kind: "archive", name: "w" }, tarZst({ name: "ok" }, { name: "../evil", body: "x" }));
    using cli = cliHere();
    expect(await cli.run("apply", "@last", "--force")).not.toBe(0);
    expect(cli.stderr.text).toContain('"../evil" leads out of the folder');
    expect([existsSync(at("ok")), existsSync(at("../evil"))]).toEqual([false, false]);
  });
});
