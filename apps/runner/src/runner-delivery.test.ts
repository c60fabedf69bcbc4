import { spawnSync } from "node:child_process";
import { mkdirSync, truncateSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { FakeControlPlane } from "./testing/fake-control-plane.ts";
import { git, serveGit } from "./testing/git-server.ts";
import { runRunner } from "./testing/run-runner.ts";
import { ScriptedEngine } from "./testing/scripted-engine.ts";
import type { ScriptedRun } from "./testing/scripted-engine.ts";

const HOST = "https://git.example.invalid";
const URL = `${HOST}/owner/project`;

describe("the end of a run", () => {
  let plane: FakeControlPlane;
  let origin: string;
  beforeEach(async () => {
    plane = await FakeControlPlane.open({ repository: { url: URL }, gitHosts: [HOST] });
    origin = join(plane.root, "git", "owner", "project");
    mkdirSync(origin, { recursive: true });
    git(origin, "init", "--quiet", "-b", "main");
    git(origin, "config", "http.receivepack", "true");
    plane.outside = (incoming, outgoing) => serveGit(join(plane.root, "git"), incoming, outgoing);
    commit({ "a.txt": "one\n", ".gitignore": "dist\n" });
  });
  afterEach(() => plane.close());

  function commit(files: Record<string, string>): void {
    write(origin, files);
    git(origin, "add", "--all");
    git(origin, "commit", "--quiet", "-m", "more");
  }
  function write(folder: string, files: Record<string, string>): void {
    for (const [path, content] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), content);
    }
  }
  async function work(files: Record<string, string>, words = "Changed the file. It is better now.") {
    const engine = new ScriptedEngine((run) => {
      write(run.options.cwd, files);
      run.emit({ type: "text", data: { messageId: "m", text: words } });
      run.turnEnd("completed");
    });
    const { exit, config } = runRunner(plane, engine);
    expect(await exit).toBe(0);
    return config;
  }
  const outcome = () => plane.finished[0]?.outcome;
  const blobs = (kind: string): string[] =>
    plane.blobs.filter((blob) => blob.kind === kind).map(({ name }) => name);
  const phases = (): string[] =>
    plane.ofType("phase").map((data) =>
      Object.values(data as object)
        .slice(0, 2)
        .join(" "),
    );
  const ownBranch = (): string => `agency/${plane.order.taskId}/better`;

  it("hands back a branch, a patch, an archive and the files asked for", async () => {
    plane.order = { ...plane.order, deliver: "branch", pushBranch: ownBranch(), artifacts: ["dist/**"] };
    await work({ "a.txt": "two\n", "dist/ü.js": "built", ".agency/screenshots/1.png": "picture" });
    const made = git(origin, "rev-parse", ownBranch());
    expect(outcome()).toMatchObject({
      state: "completed",
      commit: made,
      commits: [made],
      branch: ownBranch(),
      undelivered: null,
      checks: [],
    });
    expect(git(origin, "log", "-1", "--format=%B", made)).toContain(
      "Changed the file\n\nIt is better now.\n\nCo-authored-by: ",
    );
    expect(
      phases()
        .filter((phase) => phase.endsWith("completed"))
        .slice(1),
    ).toEqual(["delivery completed", "commit completed", "artifacts completed", "push completed"]);
    expect(plane.ofType("artifact")).toMatchObject([
      { name: "changes.patch" },
      { name: "workspace.tar.zst", mediaType: "application/zstd" },
      { name: "dist/ü.js", bytes: 5 },
      { name: ".agency/screenshots/1.png", mediaType: "image/png" },
    ]);
    expect([blobs("manifest"), blobs("file"), blobs("screenshot")]).toEqual([
      ["workspace.tar.zst.json"],
      ["dist/ü.js"],
      [".agency/screenshots/1.png"],
    ]);
    expect(plane.ofType("delivery")).toMatchObject([
      { kind: "workspace" },
      { kind: "files" },
      { kind: "branch", location: ownBranch(), commits: [made] },
    ]);
    const patch = plane.blobs.find(({ kind }) => kind === "patch")?.content;
    const applied = spawnSync("git", ["apply", "--index", "-"], { cwd: origin, input: patch });
    expect([applied.stderr.toString(), git(origin, "write-tree")]).toEqual([
      "",
      git(origin, "rev-parse", `${made}^{tree}`),
    ]);
  });

  it("is decided by the checks, those of the repository's own start among them", async () => {
    commit({ ".agency/config.json": JSON.stringify({ checks: ["grep -q one a.txt"] }) });
    plane.order = { ...plane.order, checks: ["true"] };
    await work({ "a.txt": "two\n", ".agency/config.json": '{"checks": []}' });
    expect(outcome()).toMatchObject({
      state: "failed",
      reason: "checks_failed",
      summary: "Changed the file. It is better now.",
      commit: expect.stringMatching(/^[0-9a-f]{40}$/),
      checks: [
        { command: "true", passed: true },
        { command: "grep -q one a.txt", passed: false, exitCode: 1 },
      ],
    });
    expect(plane.ofType("check")).toHaveLength(2);
    expect(phases()).toContain("checks failed");
    expect(blobs("archive")).toHaveLength(1);
  });

  it("hands back as files what is too large for a commit, also when there is nothing else", async () => {
    plane.order = { ...plane.order, deliver: "branch", pushBranch: ownBranch() };
    const engine = new ScriptedEngine((run) => {
      const path = join(run.options.cwd, "huge.bin");
      writeFileSync(path, "");
      truncateSync(path, 101 * 1024 * 1024);
      run.turnEnd("completed");
    });
    expect(await runRunner(plane, engine).exit).toBe(0);
    const text = '"huge.bin" is over 100 MiB: it is not in the commit.';
    expect(outcome()).toMatchObject({ state: "completed", commit: null, undelivered: text });
    expect(plane.ofType("artifact")).toMatchObject([{ name: "workspace.tar.zst" }]);
    expect(plane.has("notice", { text })).toBe(true);
  });

  it("has a submodule in its patch, also where the agent told git to ignore it", async () => {
    const engine = new ScriptedEngine((run) => {
      const { cwd } = run.options;
      write(cwd, {
        "mod/in.txt": "in",
        ".gitmodules": '[submodule "mod"]\n\tpath = mod\n\turl = ../mod\n\tignore = all\n',
      });
      git(join(cwd, "mod"), "init", "--quiet");
      git(join(cwd, "mod"), "add", "--all");
      git(join(cwd, "mod"), "commit", "--quiet", "-m", "in");
      run.turnEnd("completed");
    });
    expect(await runRunner(plane, engine).exit).toBe(0);
    const patch = plane.blobs.find(({ kind }) => kind === "patch")?.content.toString();
    expect(patch).toContain("+++ b/.gitmodules\n");
    expect(patch).toContain("+++ b/mod\n@@ -0,0 +1 @@\n+Subproject commit ");
  });

  it("has nothing to hand back when nothing has changed, and says so", async () => {
    plane.order = { ...plane.order, deliver: "branch", pushBranch: ownBranch(), checks: ["cat a.txt"] };
    await work({ "a.txt": "one\n" });
    const nothing = { commit: null, commits: [], branch: null, undelivered: null, files: 0 };
    expect(outcome()).toMatchObject({ state: "completed", ...nothing });
    expect(plane.has("notice", { text: "Nothing has changed: there is no commit to push." })).toBe(true);
    expect([...blobs("archive"), ...blobs("patch")]).toEqual([]);
    expect(plane.has("check", { passed: true, output: "one\n" })).toBe(true);
    expect(phases()).not.toContain("push started");
  });

  it("keeps the work as files when the push is refused", async () => {
    plane.order = { ...plane.order, deliver: "branch", pushBranch: ownBranch() };
    git(origin, "config", "http.receivepack", "false");
    await work({ "a.txt": "two\n" });
    expect(outcome()).toMatchObject({ state: "completed", branch: null, commit: expect.any(String) });
    expect(outcome()?.undelivered).toMatch(/Pushing to .* failed.*403.*kept as files/s);
    expect(phases()).toContain("push failed");
    expect(plane.has("notice", { text: outcome()?.undelivered })).toBe(true);
    expect(plane.has("delivery", { kind: "files" })).toBe(true);
    expect(JSON.stringify(plane.events)).not.toContain("127.0.0.1");
  });

  it("tells what storage refused, and loses nothing else by it", async () => {
    plane.order = { ...plane.order, deliver: "branch", pushBranch: ownBranch() };
    let refused = 0;
    plane.script = (route) => {
      if (route !== "blobs") return undefined;
      refused += 1;
      return { status: 413 };
    };
    await work({ "a.txt": "two\n" });
    expect(refused).toBeGreaterThan(1);
    expect(outcome()).toMatchObject({ state: "completed", branch: ownBranch() });
    expect(JSON.stringify(plane.ofType("notice"))).toContain("workspace.tar.zst could not be stored");
    expect(phases()).toContain("artifacts failed");
  });

  it("sends again what was cut, until storage has taken it", async () => {
    let tries = 0;
    plane.script = (route) => {
      if (route !== "blobs") return undefined;
      tries += 1;
      return tries % 2 === 1 ? "cut" : undefined;
    };
    await work({ "a.txt": "two\n" });
    expect(blobs("archive")).toEqual(["workspace.tar.zst"]);
    expect(phases()).toContain("artifacts completed");
  });

  it("hands back nothing but the log when asked, still with its checks", async () => {
    plane.order = { ...plane.order, deliver: "none", pushBranch: ownBranch(), checks: ["echo x"] };
    await work({ "a.txt": "two\n" });
    expect(plane.blobs.filter(({ kind }) => kind !== "checkpoint")).toEqual([]);
    const nothing = { branch: null, undelivered: null, checks: [{ passed: true }] };
    expect(outcome()).toMatchObject({ state: "completed", ...nothing });
  });

  it("does not put half a work on top of a branch of other people", async () => {
    await workWhileOthersPush(["false"]);
    expect(outcome()).toMatchObject({ state: "failed", reason: "checks_failed", branch: ownBranch() });
    expect(git(origin, "ls-tree", "--name-only", ownBranch())).toBe(".gitignore\na.txt");
  });

  it("stores what the checks printed when they are over: storage that is away costs them no time", async () => {
    plane.order = { ...plane.order, deliver: "files", checks: ["echo one", "echo two"] };
    plane.script = (route) =>
      route === "blobs" && !plane.has("phase", { name: "checks", status: "completed" })
        ? { status: 503 }
        : undefined;
    await work({ "a.txt": "two\n" });
    expect(outcome()).toMatchObject({ state: "completed", checks: [{ passed: true }, { passed: true }] });
    expect(blobs("log").toSorted()).toEqual(["check-1.log", "check-2.log"]);
  });

  it("has the checks run on the commit that is pushed when others pushed before, and says which", async () => {
    await workWhileOthersPush(["cat theirs.txt || echo alone"]);
    const pushed = git(origin, "rev-parse", ownBranch());
    expect(outcome()).toMatchObject({ state: "completed", branch: ownBranch(), commit: pushed });
    expect(git(origin, "rev-parse", `${ownBranch()}~1`)).toBe(git(origin, "rev-parse", "pr"));
    expect(outcome()?.checks).toMatchObject([{ passed: true, commit: pushed }]);
    const ran = plane.ofType("check").map((data) => data as { commit: string; output: string });
    expect(ran.map(({ output }) => output.trim().split("\n").at(-1))).toEqual(["alone", "t"]);
    expect(ran[0]?.commit).not.toBe(pushed);
    expect(blobs("log").toSorted()).toEqual(["check-1-rebased.log", "check-1.log"]);
  });

  it("fails when the checks only pass without what others pushed, and says so", async () => {
    await workWhileOthersPush(["test ! -e theirs.txt"]);
    expect(outcome()).toMatchObject({ state: "failed", reason: "checks_failed", branch: ownBranch() });
    expect(git(origin, "show", "pr:a.txt")).toBe("one");
    expect(JSON.stringify(plane.ofType("notice"))).toContain("where the checks do not pass");
  });

  it("pushes the work as it is when it conflicts with what others pushed", async () => {
    await workWhileOthersPush([], { "a.txt": "three\n" });
    expect(outcome()).toMatchObject({ state: "completed", branch: ownBranch() });
    expect(git(origin, "show", `${ownBranch()}:a.txt`)).toBe("two");
    expect(JSON.stringify(plane.ofType("notice"))).toContain("The work conflicts with pr in");
  });

  async function workWhileOthersPush(
    checks: string[],
    theirs: Record<string, string> = { "theirs.txt": "t\n" },
  ): Promise<void> {
    git(origin, "checkout", "--quiet", "-b", "pr");
    git(origin, "checkout", "--quiet", "main");
    const repository = { url: URL, branch: "pr" };
    const branches = { pushBranch: ownBranch(), ontoBranch: "pr" };
    plane.order = { ...plane.order, deliver: "pr", ...branches, repository, checks };
    const engine = new ScriptedEngine((run) => {
      writeFileSync(join(run.options.cwd, "a.txt"), "two\n");
      git(origin, "checkout", "--quiet", "pr");
      commit(theirs);
      git(origin, "checkout", "--quiet", "main");
      run.turnEnd("completed");
    });
    expect(await runRunner(plane, engine).exit).toBe(0);
  }

  it("prepares what the repository needs, and tells the agent's environment of it", async () => {
    commit({ ".agency/config.json": '{"setup": "echo ready > dist", "env": {"DEPTH": 3, "COLOUR": "red"}}' });
    let env: Record<string, string> = {};
    const engine = new ScriptedEngine((run) => {
      env = run.options.env;
      run.turnEnd("completed");
    });
    expect(await runRunner(plane, engine).exit).toBe(0);
    // What the task itself says goes first.
    expect(env).toMatchObject({ DEPTH: "3", COLOUR: "blue" });
    expect(phases().slice(0, 4)).toEqual([
      "workspace started",
      "workspace completed",
      "setup started",
      "setup completed",
    ]);
  });

  it("comes early when the setup fails", async () => {
    commit({ ".agency/config.json": '{"setup": "echo no such package; exit 9"}' });
    expect(await runRunner(plane, new ScriptedEngine()).exit).toBe(0);
    expect(outcome()).toMatchObject({
      state: "failed",
      reason: "setup_failed",
      summary: expect.stringContaining("ended with 9. Its last words:\nno such package"),
      commit: null,
    });
  });

  async function stopped(engine: ScriptedEngine, until: () => boolean): Promise<void> {
    const { exit } = runRunner(plane, engine);
    await plane.until(until);
    plane.command({ id: "c1", kind: "cancel" });
    expect(await exit).toBe(0);
    expect(outcome()).toMatchObject({ state: "cancelled", reason: "cancelled_by_user", branch: null });
  }
  const changed = (run: ScriptedRun): void => writeFileSync(join(run.options.cwd, "a.txt"), "two\n");

  it("stores what a stopped run has made, and does no more with it", async () => {
    plane.order = { ...plane.order, deliver: "branch", pushBranch: ownBranch(), checks: ["true"] };
    const engine = new ScriptedEngine((run) => {
      changed(run);
      run.emit({ type: "text", data: { messageId: "m", text: "half done" } });
    });
    await stopped(engine, () => plane.has("text", { text: "half done" }));
    expect([blobs("archive"), blobs("patch")]).toEqual([["workspace.tar.zst"], ["changes.patch"]]);
    expect(plane.checkpoints).toHaveLength(1);
    expect(phases()).not.toContain("checks started");
    expect(git(origin, "branch", "--list", "agency/*")).toBe("");
  });

  it("stores what there is, too, when the run is stopped while it checks", async () => {
    plane.order = { ...plane.order, checks: ["echo waiting; tail -f /dev/null"] };
    const engine = new ScriptedEngine((run) => {
      changed(run);
      run.turnEnd("completed");
    });
    await stopped(engine, () => plane.has("phase", { name: "checks", status: "started" }));
    expect(outcome()).toMatchObject({ checks: [{ passed: false }] });
    expect(blobs("archive")).toEqual(["workspace.tar.zst"]);
  });

  it("waits with a stopped run, too, until storage is there again, and says so", async () => {
    const away = outage(() => plane.storing > 0);
    await stopped(
      new ScriptedEngine((run) => {
        changed(run);
        run.emit({ type: "text", data: { messageId: "m", text: "half done" } });
      }),
      () => plane.has("text", { text: "half done" }),
    );
    expect(away()).toBeGreaterThan(0);
    expect(blobs("archive")).toEqual(["workspace.tar.zst"]);
    expect(plane.checkpoints).toHaveLength(1);
  });

  /** Storage fails until the test has seen enough. */
  function outage(isEnough: () => boolean): () => number {
    let failed = 0;
    plane.script = (route) => {
      if (route !== "blobs" || isEnough()) return undefined;
      failed += 1;
      return { status: 503 };
    };
    return () => failed;
  }
  const told = (level: string): string[] =>
    plane
      .ofType("notice")
      .filter((data) => (data as { level: string }).level === level)
      .map((data) => (data as { text: string }).text);

  it("comes when storage is there again, and people know what is waited for and how to end it", async () => {
    outage(() => plane.storing > 0 && told("warn").length > 0);
    await work({ "a.txt": "two\n" });
    expect(outcome()).toMatchObject({ state: "completed" });
    expect(told("warn").join("\n")).toMatch(
      new RegExp(`cannot be stored since .*503.*agency stop ${plane.order.taskId} --discard`, "s"),
    );
    expect(told("info")).toContain("The files of this run can be stored again.");
    expect(plane.storing).toBe(1);
    expect(blobs("checkpoint")).toHaveLength(1);
    expect(blobs("archive")).toHaveLength(1);
  });

  it("keeps its way to the repository while storage is away: it says nothing before its work is pushed", async () => {
    plane.order = { ...plane.order, deliver: "branch", pushBranch: ownBranch() };
    outage(() => plane.storing > 0 || told("warn").length > 0);
    await work({ "a.txt": "two\n" });
    expect(outcome()).toMatchObject({ state: "completed", branch: ownBranch() });
    expect(told("warn").join("\n")).toContain("cannot be stored since");
    expect(plane.storing).toBe(0);
  });

  it("collects what the checks said while they run and stores it afterwards, whatever storage did", async () => {
    plane.order = { ...plane.order, checks: ["echo first; exit 1", "echo second", "true"] };
    // Else storage that is away would cost a check its time.
    outage(() => plane.ofType("check").length === 3);
    await work({ "a.txt": "two\n" });
    const logs = plane.blobs.filter(({ kind }) => kind === "log");
    expect(logs.map(({ content }) => content.toString())).toEqual(["first\n", "second\n"]);
    expect(outcome()?.checks.map(({ passed }) => passed)).toEqual([false, true, true]);
  });
});
