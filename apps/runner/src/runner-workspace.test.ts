import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { FakeControlPlane } from "./testing/fake-control-plane.ts";
import { git, serveGit } from "./testing/git-server.ts";
import { runRunner } from "./testing/run-runner.ts";
import { ScriptedEngine } from "./testing/scripted-engine.ts";

const HOST = "https://git.example.invalid";
const URL = `${HOST}/owner/project`;

describe("a runner's workspace", () => {
  let plane: FakeControlPlane;
  let origin: string;
  beforeEach(async () => {
    plane = await FakeControlPlane.open({ repository: { url: URL }, gitHosts: [HOST] });
    origin = join(plane.root, "git", "owner", "project");
    mkdirSync(origin, { recursive: true });
    git(origin, "init", "--quiet", "-b", "main");
    plane.outside = (incoming, outgoing) => {
      const isLetIn = incoming.headers.authorization === `Bearer ${plane.order.attemptToken}`;
      if (isLetIn) serveGit(join(plane.root, "git"), incoming, outgoing);
      else outgoing.writeHead(401).end();
    };
  });
  afterEach(() => plane.close());

  function commit(files: Record<string, string>, mode = 0o644): void {
    for (const [path, content] of Object.entries(files)) {
      mkdirSync(join(origin, path, ".."), { recursive: true });
      writeFileSync(join(origin, path), content);
      chmodSync(join(origin, path), mode);
    }
    git(origin, "add", "--all");
    git(origin, "commit", "--quiet", "-m", "more");
  }
  const outcome = (): unknown => plane.finished[0]?.outcome;

  it("is cloned through the forwarder, and what changed is told file by file", async () => {
    commit({ "a.txt": "one\n", "b.txt": "b\n", "c.txt": "c\n" });
    const engine = new ScriptedEngine((run) => {
      const { cwd } = run.options;
      writeFileSync(join(cwd, "a.txt"), "one\ntwo\n");
      writeFileSync(join(cwd, "new.txt"), "new\n");
      const path = join(cwd, "new.txt");
      run.emit({ type: "file_change", data: { path, op: "create", source: "engine" } });
      run.turnEnd("completed");
    });
    const { exit, config } = runRunner(plane, engine);
    expect(await exit).toBe(0);
    expect(git(config.workspace, "remote", "get-url", "origin")).toBe(URL);
    expect(await readFile(join(config.workspace, "b.txt"), "utf8")).toBe("b\n");
    expect(plane.ofType("file_change")).toEqual([
      { path: join(config.workspace, "new.txt"), op: "create", source: "engine" },
      {
        path: "a.txt",
        op: "modify",
        added: 1,
        removed: 0,
        source: "workspace_diff",
        diff: expect.stringContaining("\n one\n+two\n"),
      },
    ]);
    expect(plane.ofType("delivery")).toMatchObject([{ files: 2, added: 2, removed: 0 }, { kind: "files" }]);
    expect(outcome()).toMatchObject({ state: "completed", files: 2, added: 2, removed: 0 });
  });

  it("is pushed by a plain git push, through the forwarder, to a branch of the task", async () => {
    commit({ "a.txt": "one\n" });
    git(origin, "config", "http.receivepack", "true");
    const branch = `agency/${plane.order.taskId}/work`;
    const push =
      '#!/bin/sh\ngit commit -q --allow-empty -m mine && git push -q origin "HEAD:$AGENCY_BRANCH"\n';
    commit({ ".agency/hooks/post-run": push }, 0o755);
    const { exit } = runRunner(plane, new ScriptedEngine((run) => run.turnEnd("completed")));
    expect(await exit).toBe(0);
    expect(git(origin, "log", "-1", "--format=%s", branch)).toBe("mine");
  });

  it("is the branch that was asked for", async () => {
    commit({ "a.txt": "main\n" });
    git(origin, "checkout", "--quiet", "-b", "feature/x");
    commit({ "a.txt": "feature\n" });
    git(origin, "checkout", "--quiet", "main");
    plane.order = { ...plane.order, repository: { url: URL, branch: "feature/x" } };
    const { exit, config } = runRunner(plane, new ScriptedEngine((run) => run.turnEnd("completed")));
    expect(await exit).toBe(0);
    expect(await readFile(join(config.workspace, "a.txt"), "utf8")).toBe("feature\n");
  });

  it("is the ref of a pull request, which is in no branch", async () => {
    commit({ "a.txt": "main\n" });
    git(origin, "checkout", "--quiet", "-b", "theirs");
    commit({ "a.txt": "theirs\n" });
    git(origin, "update-ref", "refs/pull/7/head", "HEAD");
    git(origin, "checkout", "--quiet", "main");
    git(origin, "branch", "--quiet", "-D", "theirs");
    plane.order = { ...plane.order, repository: { url: URL, branch: "refs/pull/7/head" } };
    const { exit, config } = runRunner(plane, new ScriptedEngine((run) => run.turnEnd("completed")));
    expect(await exit).toBe(0);
    expect(await readFile(join(config.workspace, "a.txt"), "utf8")).toBe("theirs\n");
    expect(outcome()).toMatchObject({ state: "completed", files: 0 });
  });

  it("that is an empty repository works too", async () => {
    const { exit } = runRunner(plane, new ScriptedEngine((run) => run.turnEnd("completed")));
    expect(await exit).toBe(0);
    expect(outcome()).toMatchObject({ state: "completed", files: 0 });
  });

  it("that cannot be cloned ends the run with the reason, under the name the user knows", async () => {
    plane.outside = (_incoming, outgoing) => outgoing.writeHead(404).end();
    const engine = new ScriptedEngine();
    expect(await runRunner(plane, engine).exit).toBe(0);
    expect(outcome()).toMatchObject({ state: "failed", reason: "setup_failed" });
    const failed = plane.ofType("phase").find((data) => (data as { status: string }).status === "failed");
    expect(JSON.stringify(failed)).toContain(`Cloning ${URL} failed`);
    expect(JSON.stringify(plane.events)).not.toContain("127.0.0.1");
  });

  it("runs the hooks of the repository around the agent", async () => {
    const say = (text: string): string =>
      `#!/bin/sh\necho "${text} in $PWD for $AGENCY_TASK_ID"\necho hook > made-by-hook\n`;
    commit({ ".agency/hooks/pre-run": say("before"), ".agency/hooks/post-run": say("after") }, 0o755);
    const { exit, config } = runRunner(plane, new ScriptedEngine((run) => run.turnEnd("completed")));
    expect(await exit).toBe(0);
    const where = `in ${config.workspace} for ${plane.order.taskId}\n`;
    expect(plane.ofType("log")).toEqual([
      { stream: "stdout", text: `before ${where}` },
      { stream: "stdout", text: `after ${where}` },
    ]);
    const phases = plane.ofType("phase").map((data) =>
      Object.values(data as object)
        .slice(0, 2)
        .join(" "),
    );
    expect(phases).toEqual([
      "workspace started",
      "workspace completed",
      "pre-run started",
      "pre-run completed",
      "post-run started",
      "post-run completed",
      "delivery started",
      "delivery completed",
      "commit started",
      "commit completed",
      "artifacts started",
      "artifacts completed",
    ]);
    expect(outcome()).toMatchObject({ state: "completed", files: 1 });
  });

  it.each([
    ["fails", "#!/bin/sh\nexit 7\n", 0o755, "pre-run ended with 7"],
    ["is not executable", "#!/bin/sh\n", 0o644, "not executable"],
  ])("does not start the agent when pre-run %s", async (_how, script, mode, message) => {
    commit({ ".agency/hooks/pre-run": script }, mode);
    let started = false;
    const engine = new ScriptedEngine(() => (started = true));
    expect(await runRunner(plane, engine).exit).toBe(0);
    expect(started).toBe(false);
    expect(outcome()).toMatchObject({
      state: "failed",
      reason: "setup_failed",
      summary: expect.stringContaining(message),
    });
  });

  it("keeps the outcome of the agent when post-run fails", async () => {
    commit({ ".agency/hooks/post-run": "#!/bin/sh\nexit 1\n" }, 0o755);
    expect(await runRunner(plane, new ScriptedEngine((run) => run.turnEnd("completed"))).exit).toBe(0);
    expect(plane.has("phase", { name: "post-run", status: "failed" })).toBe(true);
    expect(outcome()).toMatchObject({ state: "completed" });
  });

  it("gives up a hook when the run is cancelled", async () => {
    commit({ ".agency/hooks/pre-run": "#!/bin/sh\necho waiting\ntail -f /dev/null\n" }, 0o755);
    const { exit } = runRunner(plane, new ScriptedEngine());
    await plane.until(() => plane.has("log"));
    plane.command({ id: "c1", kind: "cancel" });
    expect(await exit).toBe(0);
    expect(outcome()).toMatchObject({ state: "cancelled" });
  });
});
