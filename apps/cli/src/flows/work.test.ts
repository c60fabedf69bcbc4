import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { eventLog, taskId } from "../testing/builders.ts";
import { FakeApi } from "../testing/fake-api.ts";
import { envFor, testCli } from "../testing/test-cli.ts";

let api: FakeApi;
beforeEach(async () => {
  api = await new FakeApi().start();
});
afterEach(() => api.stop());

const posted = () => api.seen.find(({ method, path }) => method === "POST" && path === "/v1/tasks");
const ends = () => {
  api.onCreate = ({ id }) => {
    api.emit(id, eventLog()("status", { state: "completed" }));
    api.update(id, { state: "completed" });
  };
};

describe("agency resume with an instruction", () => {
  it("makes a task that goes on from the files and the memory of the other, and watches it", async () => {
    const { id } = api.addTask({ state: "completed", onBudget: "stop", priority: 3, labels: { a: "b" } });
    ends();
    using cli = testCli({ env: envFor(api) });
    expect(await cli.run("resume", id, "now", "add", "tests")).toBe(0);
    expect(posted()?.body).toMatchObject({
      prompt: "now add tests",
      engine: "claude",
      onBudget: "stop",
      priority: 3,
      labels: { a: "b" },
      resume: { taskId: id, fork: false },
    });
    // The server knows the rest of the other task whole: what is sent would stand in its way.
    for (const own of ["repository", "limits", "deliver", "checks", "env"])
      expect(posted()?.body).not.toHaveProperty(own);
    expect(cli.stdout.text).toContain("✓ Completed");
  });

  it("can go back, fork, and leave", async () => {
    const { id } = api.addTask({ state: "completed" });
    using cli = testCli({ env: envFor(api) });
    expect(await cli.run("resume", id, "again", "--from", "2", "--fork", "-d")).toBe(0);
    expect(posted()?.body).toMatchObject({ resume: { taskId: id, fork: true, checkpoint: 2 } });
    expect(cli.stdout.text).toBe(`${taskId(2)}\n`);
  });

  it("takes what bounds the work and how it comes back in the words of run, and sends only what was given", async () => {
    const repository = { url: "https://github.com/a/b" };
    const { id } = api.addTask({ state: "failed", repository });
    using cli = testCli({ env: envFor(api) });
    const given = ["--timeout", "2h", "--budget", "20", "--deliver", "pr", "--pr", "12"];
    expect(
      await cli.run("resume", id, "go on", "-d", ...given, "--check", "npm test", "--check", "true"),
    ).toBe(0);
    expect(posted()?.body).toMatchObject({
      limits: { wallMs: 7_200_000, costUsd: 20 },
      deliver: "pr",
      pullRequest: 12,
      checks: ["npm test", "true"],
    });
    api.seen.length = 0;
    expect(await cli.run("resume", id, "go on", "-d", "-t", "30m")).toBe(0);
    expect(posted()?.body).toHaveProperty("limits", { wallMs: 1_800_000 });
    for (const own of ["deliver", "pullRequest", "checks"]) expect(posted()?.body).not.toHaveProperty(own);
  });

  it.each([
    [["--timeout", "500h"], "--timeout must be from 1s to"],
    [["--check", ""], "--check"],
    [["--pr", "12"], "--pr needs a repository."],
    [["--deliver", "branch"], "--deliver branch needs a repository."],
  ])("refuses %s in a sentence before anything is made", async (options, sentence) => {
    api.addTask({ state: "failed", repository: null });
    using cli = testCli({ env: envFor(api) });
    expect(await cli.run("resume", "@last", "go on", ...options)).toBe(2);
    expect(cli.stderr.text).toContain(sentence);
    expect(posted()).toBe(undefined);
  });

  it.each([
    ["--fork"],
    ["--from", "2"],
    ["-d"],
    ["--timeout", "2h"],
    ["--budget", "5"],
    ["--deliver", "files"],
    ["--pr", "12"],
    ["--check", "true"],
  ])("wants words for %s", async (...options) => {
    api.addTask();
    using cli = testCli({ env: envFor(api) });
    expect(await cli.run("resume", "@last", ...options)).toBe(2);
    expect(cli.stderr.text).toContain("There is no instruction to go on with.");
    expect(api.seen).toEqual([]);
  });
});

describe("agency checkpoints", () => {
  it("lists them", async () => {
    const { id } = api.addTask();
    const at = (minute: number) => `2026-03-01T11:${minute}:00.000Z`;
    api.work.addCheckpoint({ number: 1, at: at(50), bytes: 10 });
    api.work.addCheckpoint({ number: 2, at: at(59), bytes: 4096, label: "before it", sessionId: "s" });
    using cli = testCli({ env: envFor(api) });
    expect(await cli.run("checkpoints", id)).toBe(0);
    expect(cli.stdout.text.split("\n")).toEqual([
      "N  AGE  TURN  SIZE    HOLDS          COMMIT      LABEL",
      "2  1m   2     4.0 kB  files, memory  4f2a9c01d3  before it",
      "1  10m  1     10 B    files          4f2a9c01d3",
      "",
    ]);
  });

  it("asks for one", async () => {
    const { id } = api.addTask();
    using cli = testCli({ env: envFor(api) });
    expect(await cli.run("checkpoint", id, "--label", "before it")).toBe(0);
    expect(api.seen.at(-1)).toMatchObject({
      path: `/v1/tasks/${id}/checkpoints`,
      body: { label: "before it" },
    });
  });
});

describe("agency artifacts", () => {
  it("lists them", async () => {
    const { id } = api.addTask({ state: "completed" });
    api.work.add(id, { kind: "file", name: "dist/\u001b[2Japp.js" }, "x".repeat(2048));
    using cli = testCli({ env: envFor(api) });
    expect(await cli.run("artifacts", id)).toBe(0);
    expect(cli.stdout.text).toBe(
      "KIND  SIZE    AGE  ID            NAME\nfile  2.0 kB  1m   000000000001  dist/app.js\n",
    );
  });

  it("downloads all of them, under names that stay in the folder", async () => {
    const { id } = api.addTask({ state: "completed" });
    for (const name of ["dist/app.js", "../../evil", "/etc/passwd", ".bashrc", "a\nb", "-rf", "CON"]) {
      api.work.add(id, { kind: "file", name }, `content of ${name}`);
    }
    using cli = testCli({ env: envFor(api) });
    expect(await cli.run("artifacts", id, "get", "-o", "out")).toBe(0);
    const out = join(cli.home, "out");
    expect(readdirSync(out).toSorted()).toEqual(["_CON", "a_b", "bashrc", "dist", "etc", "evil", "rf"]);
    expect(readFileSync(join(out, "dist/app.js"), "utf8")).toBe("content of dist/app.js");
  });

  it("goes on after a break, and gives up what stays away until the next call", async () => {
    const { id } = api.addTask({ state: "completed" });
    const content = Buffer.alloc(100_000, "0123456789abc");
    api.work.add(id, { kind: "file", name: "big" }, content);
    api.work.breaks.push(...Array.from({ length: 7 }, () => 10_000));
    using cli = testCli({ env: envFor(api) });
    expect(await cli.run("artifacts", id, "get", "big")).toBe(5);
    expect(existsSync(join(cli.home, "big"))).toBe(false);
    expect(await cli.run("artifacts", id, "get", "big")).toBe(0);
    expect(readFileSync(join(cli.home, "big")).equals(content)).toBe(true);
    expect(readdirSync(cli.home).filter((name) => name.includes("part"))).toEqual([]);
    const ranges = api.seen.flatMap(({ headers }) => headers.range ?? []);
    expect(ranges.length).toBeGreaterThan(3);
  });

  it("keeps nothing that does not match its SHA-256", async () => {
    const { id } = api.addTask({ state: "completed" });
    api.work.add(id, { kind: "file", name: "x", sha256: "0".repeat(64) }, "content");
    using cli = testCli({ env: envFor(api) });
    expect(await cli.run("artifacts", id, "get")).toBe(5);
    expect(cli.stderr.text).toContain("x arrived damaged");
    expect(readdirSync(cli.home)).toEqual([]);
  });

  it("leaves another file of the name alone, unless forced, and fetches the same one only once", async () => {
    const { id } = api.addTask({ state: "completed" });
    api.work.add(id, { kind: "file", name: "x" }, "its");
    using cli = testCli({ env: envFor(api) });
    writeFileSync(join(cli.home, "x"), "mine");
    expect(await cli.run("artifacts", id, "get")).toBe(1);
    expect(readFileSync(join(cli.home, "x"), "utf8")).toBe("mine");
    expect(await cli.run("artifacts", id, "get", "--force")).toBe(0);
    expect(await cli.run("artifacts", id, "get")).toBe(0);
    expect(readFileSync(join(cli.home, "x"), "utf8")).toBe("its");
    expect(cli.stdout.text).toContain("was here already");
  });

  it("never writes through a link", async () => {
    const { id } = api.addTask({ state: "completed" });
    api.work.add(id, { kind: "file", name: "d/x" }, "its");
    using cli = testCli({ env: envFor(api) });
    mkdirSync(join(cli.home, "real"));
    symlinkSync(join(cli.home, "real"), join(cli.home, "d"));
    expect(await cli.run("artifacts", id, "get", "--force")).toBe(1);
    expect(readdirSync(join(cli.home, "real"))).toEqual([]);
  });

  it("shows on a desktop only what cannot run", async () => {
    const { id } = api.addTask({ state: "completed" });
    for (const name of ["shot.png", "evil.desktop", "c.patch"])
      api.work.add(id, { kind: "file", name }, name);
    using cli = testCli({ env: { ...envFor(api), DISPLAY: ":0" }, terminal: true });
    expect(await cli.run("artifacts", id, "open", "shot.png", "evil.desktop", "c.patch")).toBe(0);
    const launched = ["shot.png", "c.patch"].map((name) => ["xdg-open", join(cli.home, name)]);
    expect(cli.world.processes).toMatchObject({ launched });
    expect(cli.stderr.text).toContain("could run when opened");
  });

  it.each([
    [["get", "nothing"], 3, 'no artifact "nothing"'],
    [["open"], 2, "Say which artifact"],
    [["ls", "x"], 2, "ls takes no names"],
    [["burn"], 2, "is not one of ls, get, open"],
  ])("refuses %j", async (argv, code, sentence) => {
    const { id } = api.addTask();
    using cli = testCli({ env: envFor(api) });
    expect(await cli.run("artifacts", id, ...argv)).toBe(code);
    expect(cli.stderr.text).toContain(sentence);
  });
});

describe("agency files", () => {
  beforeEach(() => {
    api.addTask({ state: "completed" });
    const file = { kind: "file", bytes: 2, mode: 0o644 } as const;
    api.work.files.push(
      { ...file, path: "a.txt" },
      { ...file, path: "bin/run", mode: 0o755 },
      { path: "link", kind: "link", bytes: 0, mode: 0o777, target: "a.txt" },
    );
    api.work.contents.set("a.txt", Buffer.from("hi\n\u001b[2J"));
    api.work.contents.set("bin/run", Buffer.from([0, 1]));
    api.work.pageSize = 2;
  });

  it("lists all pages, or a folder", async () => {
    using cli = testCli({ env: envFor(api) });
    expect(await cli.run("files", "@last")).toBe(0);
    expect(cli.stdout.text).toBe("  2 B        a.txt\n  2 B        bin/run*\n  link       link -> a.txt\n");
    using folder = testCli({ env: envFor(api) });
    await folder.run("files", "@last", "bin/");
    expect(folder.stdout.text).toBe("  2 B        bin/run*\n");
  });

  it("lists them as they were at a checkpoint, with what had become of them", async () => {
    api.work.changes.set("a.txt", "modified").set("bin/run", "added");
    api.work.deleted.push("b\u001b[2J");
    using cli = testCli({ env: envFor(api) });
    expect(await cli.run("files", "@last", "--from", "1")).toBe(0);
    expect(cli.stdout.text.split("\n")).toEqual([
      " M  2 B        a.txt",
      ` D             b`,
      " A  2 B        bin/run*",
      "",
    ]);
    using program = testCli({ env: envFor(api) });
    expect(await program.run("files", "@last", "--from", "2", "--json")).toBe(0);
    expect(JSON.parse(program.stdout.text)).toMatchObject({
      files: [{ path: "a.txt", change: "modified" }, { path: "bin/run" }, { path: "link", target: "a.txt" }],
      deleted: ["b\u001b[2J"],
      base: "b".repeat(40),
      truncated: false,
    });
    using one = testCli({ env: envFor(api) });
    expect(await one.run("files", "@last", "a.txt", "--from", "1")).toBe(0);
    expect(one.stdout.text).toBe("hi\n\u001b[2J");
    expect(await one.run("files", "@last", "--from", "none")).toBe(2);
  });

  it("prints one as it is in a pipe, and harmless on a terminal", async () => {
    using cli = testCli({ env: envFor(api) });
    expect(await cli.run("files", "@last", "a.txt")).toBe(0);
    expect(cli.stdout.text).toBe("hi\n\u001b[2J");
    using person = testCli({ env: envFor(api), terminal: true });
    await person.run("files", "@last", "a.txt");
    expect(person.stdout.text).toBe("hi\n");
    expect(await person.run("files", "@last", "bin/run")).toBe(2);
    expect(person.stderr.text).toContain("is not text");
  });
});

describe("agency diff", () => {
  const patch = [
    "diff --git a/x y.txt b/x y.txt",
    "index 1..2 100644",
    "--- a/x y.txt",
    "+++ b/x y.txt",
    "@@ -1,2 +1,3 @@",
    " same",
    "--- a/not-a-header",
    "+new\u001b[2J",
    "+diff --git a/no b/no",
    "diff --git a/pic b/pic",
    "index 1..2 100644",
    "GIT binary patch",
    "delta 1",
    "",
    'diff --git "a/gr\\303\\266\\303\\237e" "b/gr\\303\\266\\303\\237e"',
    "deleted file mode 100644",
    "--- a/x",
    "+++ /dev/null",
    "@@ -1 +0,0 @@",
    "-gone",
    "",
  ].join("\n");
  beforeEach(() => {
    const { id } = api.addTask({ state: "completed" });
    api.work.add(id, { kind: "patch", name: "changes.patch" }, patch);
  });

  it("gives a program the patch byte for byte", async () => {
    using cli = testCli({ env: envFor(api) });
    expect(await cli.run("diff", "@last")).toBe(0);
    expect(cli.stdout.text).toBe(patch);
  });

  it("colours it for a person, with nothing in it that works on a terminal", async () => {
    using cli = testCli({ env: envFor(api), terminal: true });
    await cli.run("diff", "@last");
    expect(cli.stdout.text).toContain("\u001b[32m+new\u001b[39m\n");
    expect(cli.stdout.text).toContain("\u001b[31m-gone\u001b[39m\n");
    expect(cli.stdout.text).not.toContain("\u001b[2J");
  });

  it("counts lines without being fooled by what they say", async () => {
    using cli = testCli({ env: envFor(api) });
    await cli.run("diff", "@last", "--stat");
    expect(cli.stdout.text.split("\n").map((line) => line.trim())).toEqual([
      "x y.txt  +2 −1",
      "pic  binary",
      "größe  −1",
      "3 files changed · +2 −2",
      "",
    ]);
  });
});

describe("agency run", () => {
  it("says what comes back and what must hold", async () => {
    ends();
    using cli = testCli({ env: envFor(api) });
    const how = ["--deliver", "pr", "--commits", "keep", "--pr", "12", "--repo", "owner/name"];
    const lists = ["--check", "npm test", "--check", "npm run lint", "--artifact", "dist/**"];
    expect(await cli.run("run", ...how, ...lists, "x")).toBe(0);
    expect(posted()?.body).toMatchObject({
      deliver: "pr",
      commits: "keep",
      pullRequest: 12,
      checks: ["npm test", "npm run lint"],
      artifacts: ["dist/**"],
    });
  });

  it("takes the repository of the current folder, without the credential in its address", async () => {
    ends();
    using cli = testCli({ env: envFor(api) });
    mkdirSync(join(cli.home, "deep/er/.git"), { recursive: true });
    mkdirSync(join(cli.home, "deep/er/src"));
    const config =
      '[core]\n[remote "fork"]\n\turl = https://x/y/z\n[remote "origin"]\n\turl = https://me:pw@git.test/o/n\n';
    writeFileSync(join(cli.home, "deep/er/.git/config"), config);
    cli.world.cwd = join(cli.home, "deep/er/src");
    expect(await cli.run("run", "--repo", ".", "x")).toBe(0);
    expect(posted()?.body).toMatchObject({ repository: { url: "https://git.test/o/n" } });
    expect(cli.stderr.text).toContain("The agent gets https://git.test/o/n at its default branch.");
    expect(cli.stderr.text).toContain("What is not pushed stays here; agency push-session sends it.");
  });

  it.each([
    [["--deliver", "branch"], "--deliver branch needs a repository."],
    [["--pr", "3"], "--pr needs a repository."],
    [["--pr", "3", "--repo", "o/n", "--branch", "b"], "two places to start from"],
    [["--deliver", "mail"], "is not one of none, files, branch, pr"],
    [["--check", ""], "--check takes at most 20 commands"],
    [["--repo", "."], "This folder is in no git repository."],
  ])("refuses %j with a sentence", async (argv, sentence) => {
    using cli = testCli({ env: envFor(api) });
    expect(await cli.run("run", ...argv, "x")).toBe(2);
    expect(cli.stderr.text).toContain(sentence);
    expect(api.seen).toEqual([]);
  });
});
