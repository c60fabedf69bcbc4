import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { EventOf } from "@agency/contract";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { git } from "./testing/git-server.ts";
import { FakeControlPlane } from "./testing/fake-control-plane.ts";
import { rememberingEngine } from "./testing/remembering-engine.ts";
import type { Remembering } from "./testing/remembering-engine.ts";
import { runRunner } from "./testing/run-runner.ts";
import { ScriptedEngine } from "./testing/scripted-engine.ts";

describe("a runner's checkpoints", () => {
  let plane: FakeControlPlane;
  let next: FakeControlPlane;
  beforeEach(async () => {
    plane = await FakeControlPlane.open({ deliver: "none" });
    next = await FakeControlPlane.open({ deliver: "none", prompt: "Go on." });
  });
  afterEach(() => Promise.all([plane.close(), next.close()]));

  const notices = (): string[] =>
    plane.ofType("notice").map((data) => (data as EventOf<"notice">["data"]).text);
  const put = ({ run }: Remembering, path: string, content: string): void =>
    writeFileSync(join(run.options.cwd, path), content);

  /** One turn that writes a file and remembers a word. */
  async function runOnce(): Promise<void> {
    const engine = rememberingEngine((mind) => {
      mind.remember("the word is heron");
      put(mind, "a.txt", "one\n");
      mind.run.turnEnd("completed");
    });
    expect(await runRunner(plane, engine).exit).toBe(0);
    expect(plane.checkpoints).toHaveLength(1);
  }

  it("are stored after every turn, the files and the engine's memory together", async () => {
    const engine = rememberingEngine((mind) => {
      mind.remember("first");
      put(mind, "a.txt", "one\n");
      mind.run.onSend = () => {
        mind.remember("second");
        put(mind, "a.txt", "two\n");
        mind.run.turnEnd("completed");
      };
    });
    const { exit } = runRunner(plane, engine);
    const run = await engine.run;
    await plane.until(() => plane.listeners > 0);
    plane.command({ id: "c1", kind: "interrupt" });
    await plane.until(() => plane.checkpoints.length === 1);
    plane.command({ id: "c2", kind: "say", text: "go on", mode: "next_turn" });
    expect(await exit).toBe(0);
    const { sessionId } = plane.order;
    expect(run.options.sessionId).toBe(sessionId);
    expect(plane.checkpoints).toMatchObject([
      { number: 1, turn: 1, label: null, branch: "main", sessionId, engineVersion: "1" },
      { number: 2, turn: 2, label: null, branch: "main", sessionId, engineVersion: "1" },
    ]);
    expect(plane.ofType("checkpoint")).toMatchObject([
      {
        id: plane.checkpoints[0]?.blob,
        number: 1,
        bytes: plane.blobs[0]?.bytes,
        durationMs: expect.any(Number),
      },
      { number: 2 },
    ]);
  });

  it("are not sent when there is nothing new", async () => {
    const engine = new ScriptedEngine((run) => run.turnEnd("completed"));
    expect(await runRunner(plane, engine).exit).toBe(0);
    expect(plane.blobs).toEqual([]);
    expect(plane.has("checkpoint")).toBe(false);
  });

  it("are made when people ask for one, in the middle of a turn too, and carry their name", async () => {
    const engine = rememberingEngine((mind) => put(mind, "a.txt", "half done\n"));
    const { exit } = runRunner(plane, engine);
    const run = await engine.run;
    plane.command({ id: "c1", kind: "checkpoint", label: "before the risk" });
    await plane.until(() => plane.checkpoints.length === 1);
    plane.command({ id: "c2", kind: "checkpoint", label: "the same again" });
    await plane.until(() => plane.checkpoints.length === 2);
    run.turnEnd("completed");
    expect(await exit).toBe(0);
    expect(plane.checkpoints).toMatchObject([
      { number: 1, turn: 0, label: "before the risk", sessionId: null },
      { number: 2, turn: 0, label: "the same again", blob: plane.checkpoints[0]?.blob },
      { number: 3, turn: 1, label: null, sessionId: plane.order.sessionId },
    ]);
  });

  it("keep every name people gave, however many while one is under way", async () => {
    const engine = rememberingEngine((mind) => put(mind, "a.txt", "half done\n"));
    const { exit } = runRunner(plane, engine);
    const run = await engine.run;
    const names = ["one", "two", "three"];
    plane.onUpload = () => {
      plane.onUpload = () => undefined;
      for (const label of names.slice(1)) plane.command({ id: label, kind: "checkpoint", label });
    };
    plane.command({ id: "one", kind: "checkpoint", label: "one" });
    await plane.until(() => plane.checkpoints.length === 3);
    run.turnEnd("completed");
    expect(await exit).toBe(0);
    expect(plane.checkpoints.map(({ label }) => label)).toEqual([...names, null]);
    expect(new Set(plane.checkpoints.slice(0, 3).map(({ blob }) => blob)).size).toBe(1);
  });

  it("that have a name but no time left give it to the last one", async () => {
    const engine = rememberingEngine((mind) => put(mind, "a.txt", "half done\n"));
    const uploading = Promise.withResolvers<void>();
    plane.script = (route) => {
      if (route !== "blobs" || plane.finished.length > 0 || plane.has("turn_end")) return undefined;
      uploading.resolve();
      return { status: 503, retryAfter: 0 };
    };
    const { exit } = runRunner(plane, engine);
    const run = await engine.run;
    plane.command({ id: "one", kind: "checkpoint", label: "one" });
    plane.command({ id: "two", kind: "checkpoint", label: "two" });
    await uploading.promise;
    run.turnEnd("completed");
    expect(await exit).toBe(0);
    expect(plane.checkpoints.map(({ label }) => label).filter((label) => label !== null)).toEqual([
      "one",
      "two",
    ]);
  });

  it("with a name are made of an untouched workspace, too", async () => {
    const engine = new ScriptedEngine();
    const { exit } = runRunner(plane, engine);
    const run = await engine.run;
    plane.command({ id: "c1", kind: "checkpoint", label: "the start" });
    await plane.until(() => plane.checkpoints.length === 1);
    run.turnEnd("completed");
    expect(await exit).toBe(0);
    expect(plane.checkpoints).toMatchObject([{ number: 1, label: "the start" }]);
  });

  it("that are refused by name do not end the attempt", async () => {
    plane.script = (route) => (route === "checkpoints" ? { status: 422 } : undefined);
    const engine = rememberingEngine((mind) => {
      put(mind, "a.txt", "one\n");
      mind.run.turnEnd("completed");
    });
    expect(await runRunner(plane, engine).exit).toBe(0);
    expect(notices()).toEqual([expect.stringContaining("refused by the control plane (422)")]);
    expect(plane.finished[0]?.outcome.state).toBe("completed");
  });

  it("of a run that goes on are refused by a full account, and the last one waits for room", async () => {
    const said = (part: string): boolean => notices().some((text) => text.includes(part));
    let isWaiting = false;
    plane.script = (route) => {
      if (route !== "blobs" || (isWaiting ||= said("cannot be stored since"))) return undefined;
      return { status: 507, body: { detail: "The account is full.", next: "Delete tasks." } };
    };
    const engine = rememberingEngine((mind) => {
      put(mind, "a.txt", "one\n");
      mind.run.onSend = () => mind.run.turnEnd("completed");
    });
    const { exit } = runRunner(plane, engine);
    await engine.run;
    await plane.until(() => plane.listeners > 0);
    plane.command({ id: "c1", kind: "interrupt" });
    await plane.until(() => said("A checkpoint could not be stored"));
    expect(isWaiting).toBe(false);
    plane.command({ id: "c2", kind: "say", text: "go on", mode: "next_turn" });
    expect(await exit).toBe(0);
    expect(plane.checkpoints).toMatchObject([{ number: 1, turn: 2 }]);
    expect(notices().join("\n")).toMatch(
      /507: The account is full. Delete tasks. Its sandbox is kept.*--discard/s,
    );
  });

  it("hold what a cancelled run left", async () => {
    const engine = rememberingEngine((mind) => {
      put(mind, "a.txt", "at work\n");
      mind.run.onInterrupt = () => undefined;
    });
    const { exit } = runRunner(plane, engine);
    await engine.run;
    plane.command({ id: "c1", kind: "cancel" });
    expect(await exit).toBe(0);
    expect(plane.finished[0]?.outcome.state).toBe("cancelled");
    expect(plane.checkpoints).toHaveLength(1);
  });

  it("hold what a runner left that was told to go", async () => {
    const engine = rememberingEngine((mind) => put(mind, "a.txt", "at work\n"));
    const { runner } = runRunner(plane, engine);
    await engine.run;
    expect(await runner.terminate()).toBe(143);
    expect(plane.checkpoints).toHaveLength(1);
  });

  it("survive broken uploads and lost answers", async () => {
    let tries = 0;
    plane.script = (route) => {
      if (route !== "blobs" && route !== "checkpoints") return undefined;
      tries += 1;
      return ([{ status: 503, retryAfter: 0 }, "cut", "lost"] as const)[(tries - 1) % 4];
    };
    await runOnce();
    expect(plane.ofType("checkpoint")).toHaveLength(1);
  });

  it.each([
    [413, "more than the control plane stores"],
    [404, "refused checkpoint.tar (404)"],
  ])("that are refused with %i are a notice, once, and no end", async (status, why) => {
    plane.script = (route) => (route === "blobs" ? { status } : undefined);
    const engine = rememberingEngine((mind) => {
      put(mind, "a.txt", "one\n");
      mind.run.turnEnd("completed");
    });
    expect(await runRunner(plane, engine).exit).toBe(0);
    expect(notices()).toEqual([expect.stringContaining(why)]);
    expect(plane.finished[0]?.outcome.state).toBe("completed");
  });

  it.each([409, 410])("end an attempt that is over: %i", async (status) => {
    plane.script = (route) => (route === "blobs" ? { status } : undefined);
    const engine = rememberingEngine((mind) => {
      put(mind, "a.txt", "one\n");
      mind.run.turnEnd("completed");
    });
    expect(await runRunner(plane, engine).exit).toBe(3);
  });

  it("hold the files when the memory cannot be had, and say so once", async () => {
    const engine = rememberingEngine((mind) => {
      mind.run.exportSession = () =>
        Promise.reject(new Error("Session x is 90 MiB; at most 64 MiB can be carried."));
      put(mind, "a.txt", "one\n");
      mind.run.turnEnd("completed");
    });
    expect(await runRunner(plane, engine).exit).toBe(0);
    expect(notices()).toEqual([expect.stringContaining("90 MiB")]);
    expect(plane.checkpoints).toMatchObject([{ sessionId: null }]);
  });

  it("go on without a repository, with a notice", async () => {
    const engine = rememberingEngine((mind) => {
      put(mind, "a.txt", "one\n");
      rmSync(join(mind.run.options.cwd, ".git"), { recursive: true });
      mind.run.turnEnd("completed");
    });
    expect(await runRunner(plane, engine).exit).toBe(0);
    expect(notices().join("\n")).toContain("git repository cannot be read any more");
    expect(plane.checkpoints).toHaveLength(1);
  });

  it("bring files and memory to another sandbox, and the prompt to the same session", async () => {
    await runOnce();
    next.restoreFrom(plane);
    let recalled = "";
    const engine = rememberingEngine(({ run, recall }) => {
      recalled = recall();
      run.turnEnd("completed");
    });
    const { exit, config } = runRunner(next, engine);
    expect(await exit).toBe(0);
    const { first, options } = await engine.run;
    expect(first.text).toBe("Go on.");
    expect(options.resume).toEqual({ sessionId: plane.order.sessionId, fork: false });
    expect(recalled).toBe("the word is heron\n");
    expect(readFileSync(join(config.workspace, "a.txt"), "utf8")).toBe("one\n");
    expect(next.ofType("restored")).toMatchObject([
      { taskId: plane.order.taskId, checkpoint: 1, files: 1, session: "restored" },
    ]);
    expect(next.has("phase", { name: "restore", status: "completed" })).toBe(true);
    // Measured against where the work began, not where it was taken up.
    expect(next.finished[0]?.outcome).toMatchObject({ state: "completed", files: 1 });
  });

  it("bring what was on a branch that cannot be here without it, and say so", async () => {
    const engine = rememberingEngine((mind) => {
      const cwd = mind.run.options.cwd;
      git(cwd, "checkout", "--quiet", "-b", "main-line");
      git(cwd, "branch", "--quiet", "-D", "main");
      git(cwd, "checkout", "--quiet", "-b", "main/line");
      put(mind, "a.txt", "one\n");
      mind.run.turnEnd("completed");
    });
    expect(await runRunner(plane, engine).exit).toBe(0);
    next.restoreFrom(plane);
    const resumed = rememberingEngine(({ run }) => run.turnEnd("completed"));
    expect(await runRunner(next, resumed).exit).toBe(0);
    expect(next.ofType("restored")).toMatchObject([
      { files: 1, message: expect.stringContaining("The branch main/line cannot be made") },
    ]);
    expect(next.finished[0]?.outcome.state).toBe("completed");
  });

  it("bring the session as a fork when that is asked for", async () => {
    await runOnce();
    next.restoreFrom(plane, true);
    const engine = rememberingEngine(({ run }) => run.turnEnd("completed"));
    expect(await runRunner(next, engine).exit).toBe(0);
    expect((await engine.run).options.resume).toEqual({ sessionId: plane.order.sessionId, fork: true });
  });

  it("are fetched again when the connection breaks", async () => {
    await runOnce();
    next.restoreFrom(plane);
    let tries = 0;
    next.script = (route) => (route === "restore" && (tries += 1) < 3 ? "lost" : undefined);
    const engine = rememberingEngine(({ run }) => run.turnEnd("completed"));
    expect(await runRunner(next, engine).exit).toBe(0);
    expect(next.has("restored")).toBe(true);
  });

  it("bring the files to an engine without memory, and say that it begins anew", async () => {
    await runOnce();
    next.restoreFrom(plane);
    const engine = new ScriptedEngine((run) => run.turnEnd("completed"));
    expect(await runRunner(next, engine).exit).toBe(0);
    expect((await engine.run).options.resume).toBeUndefined();
    expect(next.ofType("restored")).toMatchObject([
      { session: "lost", message: expect.stringContaining("begins anew") },
    ]);
  });

  it("that are damaged end the set-up: nothing of them is used", async () => {
    await runOnce();
    next.restoreFrom(plane);
    next.restorable?.writeUInt8(1, 700);
    const engine = new ScriptedEngine();
    const { exit, config } = runRunner(next, engine);
    expect(await exit).toBe(0);
    expect(next.finished[0]?.outcome).toMatchObject({
      reason: "setup_failed",
      summary: expect.stringContaining("damaged"),
    });
    expect(existsSync(join(config.workspace, "a.txt"))).toBe(false);
  });

  it("that are gone end the set-up", async () => {
    await runOnce();
    next.restoreFrom(plane);
    next.restorable = null;
    expect(await runRunner(next, new ScriptedEngine()).exit).toBe(0);
    expect(next.finished[0]?.outcome).toMatchObject({
      reason: "setup_failed",
      summary: expect.stringContaining("answered 404"),
    });
  });
});
