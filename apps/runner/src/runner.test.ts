import { mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { FakeControlPlane } from "./testing/fake-control-plane.ts";
import { runRunner } from "./testing/run-runner.ts";
import { ScriptedEngine } from "./testing/scripted-engine.ts";

describe("a runner", () => {
  let plane: FakeControlPlane;
  beforeEach(async () => {
    plane = await FakeControlPlane.open();
  });
  afterEach(() => plane.close());

  it("carries out a task from hello to finished", async () => {
    const engine = new ScriptedEngine((run) => {
      run.say("All done.");
      run.turnEnd("completed", "All done.");
    });
    const { exit, config } = runRunner(plane, engine);
    expect(await exit).toBe(0);
    expect(plane.finished).toEqual([
      {
        finalSeq: plane.events.length,
        outcome: {
          state: "completed",
          reason: null,
          summary: "All done.",
          files: 0,
          added: 0,
          removed: 0,
          commit: null,
          commits: [],
          branch: null,
          undelivered: null,
          checks: [],
        },
      },
    ]);
    expect(plane.events.map(({ type }) => type)).toEqual([
      "phase",
      "phase",
      "text",
      "turn_end",
      "phase",
      "delivery",
      ...Array<string>(5).fill("phase"),
    ]);
    expect(plane.ofType("delivery")).toEqual([
      { kind: "workspace", location: config.workspace, files: 0, added: 0, removed: 0 },
    ]);
    expect(await readdir(join(config.home, ".agency"))).toEqual(["checkpoint", "journal"]);
    expect(await readdir(join(config.home, ".agency", "journal"))).toEqual([]);
  });

  it("says who it is with every request after hello, and dates events by the control plane's clock", async () => {
    const { exit } = runRunner(plane, new ScriptedEngine((run) => run.turnEnd("completed")));
    await exit;
    const [hello, ...later] = plane.headers;
    expect(hello?.authorization).toBeUndefined();
    const { taskId, epoch, attemptToken } = plane.order;
    for (const headers of later) {
      expect(headers).toMatchObject({
        authorization: `Bearer ${attemptToken}`,
        "x-agency-task": taskId,
        "x-agency-epoch": String(epoch),
      });
    }
    expect(plane.events.every(({ at }) => at.startsWith("2030-01-01T00:0"))).toBe(true);
  });

  it("gives the engine the prompt, the task's environment and a placeholder, and no token", async () => {
    plane.order = {
      ...plane.order,
      gitHosts: ["https://git.example.invalid"],
      model: "a-model",
      env: { COLOUR: "blue", HOME: "/elsewhere" },
    };
    const engine = new ScriptedEngine((run) => run.turnEnd("completed"));
    const { exit, config } = runRunner(plane, engine);
    await exit;
    const { first, options } = await engine.run;
    expect(first).toEqual({ id: "prompt-1", text: "Do it." });
    expect(options).toMatchObject({
      cwd: config.workspace,
      home: config.home,
      model: "a-model",
      sessionId: plane.order.sessionId,
      modelApis: { anthropic: { key: "placeholder-of-this-test" } },
      limits: { turns: null, costUsd: null },
    });
    expect(options.modelApis.anthropic?.baseUrl).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/model\/anthropic$/);
    expect(options.env).toMatchObject({
      COLOUR: "blue",
      HOME: config.home,
      AGENCY_TASK_ID: plane.order.taskId,
      AGENCY_BRANCH: `agency/${plane.order.taskId}/work`,
      HTTPS_PROXY: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/),
      NO_PROXY: expect.stringContaining("127.0.0.1"),
      GIT_CONFIG_KEY_0: "safe.directory",
      GIT_CONFIG_VALUE_1: "https://git.example.invalid/",
    });
    expect(options.gate).toBeUndefined();
    expect(JSON.stringify(options)).not.toContain(plane.order.attemptToken);
    expect(JSON.stringify(options)).not.toContain(plane.bootstrap.token);
  });

  it("takes its tokens and placeholders out of what the agent says", async () => {
    const engine = new ScriptedEngine((run) => {
      run.say(`key=${plane.order.modelKeys["anthropic"]} token=${plane.order.attemptToken}`);
      run.turnEnd("completed");
    });
    await runRunner(plane, engine).exit;
    expect(plane.ofType("text")).toEqual([{ messageId: "m1", text: "key=[redacted] token=[redacted]" }]);
  });

  it("passes on what people say, once each, whatever the connection does", async () => {
    const engine = new ScriptedEngine();
    const { exit } = runRunner(plane, engine);
    const run = await engine.run;
    await plane.until(() => plane.listeners > 0);
    plane.command({ id: "c1", kind: "say", text: "use tabs", mode: "steer" });
    run.onSend = ({ text }) => run.say(`heard ${text}`);
    await plane.until(() => plane.has("text", { text: "heard use tabs" }));
    await plane.stop();
    plane.command({ id: "c2", kind: "say", text: "and test it", mode: "next_turn" });
    await plane.start();
    await plane.until(() => plane.has("text", { text: "heard and test it" }));
    run.turnEnd("completed");
    expect(await exit).toBe(0);
    expect(run.sent).toEqual([
      { input: { id: "c1", text: "use tabs" }, how: "steer" },
      { input: { id: "c2", text: "and test it" }, how: "next_turn" },
    ]);
    expect(plane.asked).toEqual([null, "c1"]);
  });

  it("keeps what was said before the engine could hear it", async () => {
    plane.command({ id: "c1", kind: "say", text: "early", mode: "steer" });
    const engine = new ScriptedEngine();
    const { exit } = runRunner(plane, engine);
    const run = await engine.run;
    run.onSend = () => run.turnEnd("completed");
    if (run.sent.length > 0) run.turnEnd("completed");
    expect(await exit).toBe(0);
    expect(run.sent).toEqual([{ input: { id: "c1", text: "early" }, how: "steer" }]);
  });

  it("ends only when every input is answered", async () => {
    const engine = new ScriptedEngine();
    const { exit } = runRunner(plane, engine);
    const run = await engine.run;
    let finished = false;
    run.onFinish = () => {
      finished = true;
      run.end({ outcome: "completed" });
    };
    await plane.until(() => plane.listeners > 0);
    const sent = new Promise<void>((resolve) => (run.onSend = () => resolve()));
    plane.command({ id: "c1", kind: "say", text: "more", mode: "next_turn" });
    await sent;
    run.emit({ type: "turn_end", data: { inputIds: ["prompt-1"], stop: "completed", text: "first" } });
    await plane.until(() => plane.has("turn_end"));
    expect(finished).toBe(false);
    run.emit({ type: "turn_end", data: { inputIds: ["c1"], stop: "completed", text: "second" } });
    expect(await exit).toBe(0);
    expect(plane.finished[0]?.outcome.summary).toBe("second");
  });

  it("waits for a message after an interruption", async () => {
    const engine = new ScriptedEngine();
    const { exit } = runRunner(plane, engine);
    const run = await engine.run;
    await plane.until(() => plane.listeners > 0);
    plane.command({ id: "c1", kind: "interrupt" });
    await plane.until(() => plane.has("activity", { state: "waiting_user" }));
    run.onSend = () => run.turnEnd("completed", "as you wish");
    plane.command({ id: "c2", kind: "say", text: "go on", mode: "next_turn" });
    expect(await exit).toBe(0);
    expect(plane.finished[0]?.outcome).toMatchObject({ state: "completed", summary: "as you wish" });
  });

  it("says so when a message comes too late", async () => {
    const engine = new ScriptedEngine((run) => run.turnEnd("completed"), { onFinish: () => undefined });
    const { exit } = runRunner(plane, engine);
    await plane.until(() => plane.has("turn_end") && plane.listeners > 0);
    plane.command({ id: "c1", kind: "say", text: "one more thing", mode: "steer" });
    await plane.until(() => plane.has("notice"));
    (await engine.run).end({ outcome: "completed" });
    expect(await exit).toBe(0);
  });

  it("reports an engine it does not have as a failed set-up", async () => {
    const { exit } = runRunner(plane, new ScriptedEngine());
    plane.order = { ...plane.order, engine: "constructor" };
    expect(await exit).toBe(0);
    expect(plane.finished[0]?.outcome).toMatchObject({
      state: "failed",
      reason: "setup_failed",
      files: null,
    });
    expect(plane.has("phase", { name: "workspace", status: "failed" })).toBe(true);
    expect(plane.has("error", { severity: "fatal" })).toBe(true);
  });

  it("survives an adapter that breaks the rules", async () => {
    const engine = new ScriptedEngine((run) => {
      run[Symbol.asyncIterator] = () => ({ next: () => Promise.reject(new Error("boom")) }) as never;
    });
    expect(await runRunner(plane, engine).exit).toBe(0);
    expect(plane.finished[0]?.outcome).toMatchObject({
      state: "failed",
      reason: "engine_error",
      summary: "The engine adapter failed: boom",
    });
  });

  it("finishes without a disk to write to, and says so", async () => {
    await mkdir(join(plane.root, "home"));
    await writeFile(join(plane.root, "home", ".agency"), "a file where the runner's folder should be");
    const engine = new ScriptedEngine((run) => {
      for (let n = 0; n < 1000; n += 1) run.say(`text ${n}`);
      run.turnEnd("completed");
    });
    expect(await runRunner(plane, engine).exit).toBe(0);
    expect(plane.ofType("text")).toHaveLength(1000);
    expect(plane.has("error", { class: "disk_full", severity: "warning" })).toBe(true);
    expect(plane.finished[0]?.outcome.state).toBe("completed");
  });

  it("tells of its own failure and leaves no process", async () => {
    const engine = new ScriptedEngine();
    const { runner } = runRunner(plane, engine);
    const run = await engine.run;
    expect(await runner.crash(new Error("out of luck"))).toBe(1);
    expect(run.kills).toBeGreaterThan(0);
    expect(plane.finished[0]?.outcome).toMatchObject({
      state: "failed",
      summary: "The runner failed: out of luck",
    });
    expect(plane.has("error", { severity: "fatal" })).toBe(true);
  });
});
