import { execFileSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Task } from "@agency/contract";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { processes } from "../processes.ts";
import { FakeApi } from "../testing/fake-api.ts";
import { envFor, testCli } from "../testing/test-cli.ts";

let api: FakeApi;
let folder: string;
let first: Task;
let second: Task;

const at = (name: string) => join(folder, name);
const put = (name: string, text: string) => writeFileSync(at(name), text);
const read = (name: string) => readFileSync(at(name), "utf8");
const git = (...args: string[]) => {
  const who = ["-c", "user.name=A", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false"];
  return execFileSync("git", [...who, ...args], { cwd: folder, encoding: "buffer", stdio: "pipe" });
};
const lines = (more: Record<number, string>) =>
  Array.from({ length: 9 }, (_, n) => `${more[n + 1] ?? n + 1}\n`).join("");

/** Both patches go from what is committed here to the end of their task. */
function endOfTask(change: () => unknown): Task {
  change();
  git("add", "-A");
  const patch = git("diff", "--cached", "--binary", "--full-index", "--find-renames");
  const task = api.addTask({ state: "completed", repository: { url: "https://github.com/owner/name" } });
  api.work.add(task.id, { kind: "patch", name: "changes.patch" }, patch);
  return task;
}

beforeEach(async () => {
  api = await new FakeApi().start();
  folder = realpathSync(mkdtempSync(join(tmpdir(), "agency-apply-")));
  git("init", "-q");
  put("a.txt", lines({}));
  put("moved.txt", "same\n".repeat(20));
  put("undone.txt", "as it was\n");
  git("add", "-A");
  git("commit", "-qm", "base");
  first = endOfTask(() => {
    put("a.txt", lines({ 2: "TWO" }));
    git("mv", "moved.txt", "there.txt");
    put("undone.txt", "changed\n");
    put("new.txt", "new\n");
    put("left.txt", "left\n");
  });
  second = endOfTask(() => {
    put("a.txt", lines({ 2: "TWO, better", 8: "EIGHT" }));
    put("there.txt", `${"same\n".repeat(20)}more\n`);
    put("undone.txt", "as it was\n");
    rmSync(at("new.txt"));
    put("newer.txt", "newer\n");
  });
  api.update(second.id, { resumedFrom: { taskId: first.id, checkpoint: 1 } });
  git("reset", "-q", "--hard");
});
afterEach(async () => {
  rmSync(folder, { recursive: true, force: true });
  await api.stop();
});

async function run(...args: string[]) {
  using cli = testCli({ env: envFor(api), world: { cwd: folder, processes } });
  const code = await cli.run("apply", ...args);
  return { code, out: cli.stdout.text, err: cli.stderr.text };
}

const expectTheEnd = () => {
  expect(read("a.txt")).toBe(lines({ 2: "TWO, better", 8: "EIGHT" }));
  expect(read("there.txt")).toMatch(/more\n$/);
  expect(read("undone.txt")).toBe("as it was\n");
  expect(read("newer.txt")).toBe("newer\n");
  expect(read("left.txt")).toBe("left\n");
  expect([existsSync(at("moved.txt")), existsSync(at("new.txt"))]).toEqual([false, false]);
};

describe("applying a task that went on from another one", () => {
  it("brings the work of both where neither is", async () => {
    expect(await run(second.id)).toMatchObject({ code: 0 });
    expectTheEnd();
  });

  it("brings the work of both where the first one's patch is none", async () => {
    const broken = api.addTask({ state: "completed", repository: { url: "https://github.com/owner/name" } });
    api.work.add(broken.id, { kind: "patch", name: "changes.patch" }, Buffer.from("no patch\n"));
    api.update(second.id, { resumedFrom: { taskId: broken.id, checkpoint: 1 } });
    expect(await run(second.id)).toMatchObject({ code: 0 });
    expectTheEnd();
  });

  it("brings the rest where the first one's work was applied", async () => {
    await run(first.id);
    const { code, out, err } = await run(second.id);
    expect(err).toContain(`The work of task ${first.id}, which it went on from, is here already.`);
    expect(code, err).toBe(0);
    expect(out).toContain("  delete new.txt");
    expect(out).not.toContain("left.txt");
    expectTheEnd();
    expect(git("diff", "--cached", "--name-only").toString()).toBe("");
  });

  it("brings the rest where it was committed, too, and nothing the second time", async () => {
    await run(first.id);
    git("add", "-A");
    git("commit", "-qm", "first");
    expect(await run(second.id)).toMatchObject({ code: 0 });
    expectTheEnd();
    expect((await run(second.id)).out).toContain("0 files changed");
  });

  it("goes over the work of the task before the one it went on from", async () => {
    const third = api.addTask({ state: "completed", repository: { url: "https://github.com/owner/name" } });
    const patch = api.work.artifacts.find(({ taskId }) => taskId === second.id)?.bytes ?? "";
    api.work.add(third.id, { kind: "patch", name: "changes.patch" }, patch);
    api.update(third.id, { resumedFrom: { taskId: second.id, checkpoint: 1 } });
    await run(first.id);
    expect(await run(third.id)).toMatchObject({ code: 0 });
    expectTheEnd();
  });

  it("does not take a task for applied of which only the one before was", async () => {
    const one = endOfTask(() => put("a.txt", lines({ 2: "TWO" })));
    const two = endOfTask(() => put("a.txt", lines({ 2: "TWO", 8: "EIGHT" })));
    const three = endOfTask(() => put("newer.txt", "newer\n"));
    api.update(two.id, { resumedFrom: { taskId: one.id, checkpoint: 1 } });
    api.update(three.id, { resumedFrom: { taskId: two.id, checkpoint: 1 } });
    git("reset", "-q", "--hard");
    await run(one.id);
    const { code, err } = await run(three.id);
    expect(err).toContain(`The work of task ${one.id}, which it went on from, is here already.`);
    expect([code, read("a.txt")]).toEqual([0, lines({ 2: "TWO", 8: "EIGHT" })]);
    expect(read("newer.txt")).toBe("newer\n");
  });

  it("brings the rest of what both wrote into new files", async () => {
    const one = endOfTask(() => put("fresh.txt", "one\n"));
    const two = endOfTask(() => put("fresh.txt", "one\ntwo\n"));
    api.update(two.id, { resumedFrom: { taskId: one.id, checkpoint: 1 } });
    git("reset", "-q", "--hard");
    await run(one.id);
    expect(await run(two.id)).toMatchObject({ code: 0 });
    expect(read("fresh.txt")).toBe("one\ntwo\n");
  });

  it("takes back what the second undid, also where all of its patch would fit", async () => {
    const one = endOfTask(() => [put("a.txt", lines({ 2: "TWO" })), put("new.txt", "new\n")]);
    const two = endOfTask(() => [rmSync(at("new.txt")), put("newer.txt", "newer\n")]);
    api.update(two.id, { resumedFrom: { taskId: one.id, checkpoint: 1 } });
    git("reset", "-q", "--hard");
    await run(one.id);
    git("add", "-A");
    git("commit", "-qm", "first");
    expect(await run(two.id)).toMatchObject({ code: 0 });
    expect([existsSync(at("new.txt")), read("newer.txt")]).toEqual([false, "newer\n"]);
    expect((await run(two.id)).code).toBe(0);
    expect(git("status", "--porcelain").toString()).toBe(" D new.txt\n?? newer.txt\n");
  });

  it("takes nothing back of the first one's work where the second began at it", async () => {
    await run(first.id);
    put("other.txt", lines({}));
    git("add", "-A");
    git("commit", "-qm", "merged");
    const next = endOfTask(() => [put("other.txt", lines({ 2: "TWO" })), chmodSync(at("a.txt"), 0o755)]);
    api.update(next.id, { resumedFrom: { taskId: first.id, checkpoint: 1 } });
    git("reset", "-q", "--hard");
    put("other.txt", lines({ 8: "mine" }));
    expect(await run(next.id, "--force")).toMatchObject({ code: 0 });
    expect(read("other.txt")).toBe(lines({ 2: "TWO", 8: "mine" }));
    expect(read("a.txt")).toBe(lines({ 2: "TWO" }));
    expect(git("status", "--porcelain").toString()).toBe(" M a.txt\n M other.txt\n");
  });

  it("writes nothing on a dry run", async () => {
    await run(first.id);
    const before = git("status", "--porcelain").toString();
    expect((await run(second.id, "--dry-run")).out).toContain("would change");
    expect(git("status", "--porcelain").toString()).toBe(before);
    expect(read("a.txt")).toBe(lines({ 2: "TWO" }));
  });

  it("leaves what somebody did to its files since, and merges into that with --force", async () => {
    await run(first.id);
    put("a.txt", lines({ 2: "TWO", 5: "mine" }));
    const refused = await run(second.id);
    expect(refused).toMatchObject({ code: 1 });
    expect(refused.err).toContain("You have changes of your own in 1 file that the task changed:");
    expect(read("a.txt")).toBe(lines({ 2: "TWO", 5: "mine" }));
    expect(await run(second.id, "--force")).toMatchObject({ code: 0 });
    expect(read("a.txt")).toBe(lines({ 2: "TWO, better", 5: "mine", 8: "EIGHT" }));
  });

  it("does not take other changes to the same files for the first one's work", async () => {
    put("undone.txt", "mine\n");
    put("a.txt", lines({ 2: "mine" }));
    const { code, err } = await run(second.id);
    expect(code).toBe(1);
    expect(err).toContain(`If it is what you applied of task ${first.id}, take that back instead`);
    expect([existsSync(at("newer.txt")), read("a.txt")]).toEqual([false, lines({ 2: "mine" })]);
  });

  it.each(["expired", "not_found"] as const)("says so when the first one's patch is %s", async (code) => {
    await run(first.id);
    api.refuse.set(`GET /v1/tasks/${first.id}/artifacts`, { code, detail: "No longer kept." });
    const refused = await run(second.id);
    expect(refused.code).toBe(1);
    expect(refused.err).toContain("take that back instead");
  });
});
