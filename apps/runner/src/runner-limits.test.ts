import { DEFAULT_LIMITS } from "@agency/contract";
import type { Limits } from "@agency/contract";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { FakeControlPlane } from "./testing/fake-control-plane.ts";
import { ManualClock } from "./testing/manual-clock.ts";
import { runRunner } from "./testing/run-runner.ts";
import { ScriptedEngine } from "./testing/scripted-engine.ts";
import type { ScriptedRun } from "./testing/scripted-engine.ts";

const SECOND = 1000;
const MINUTE = 60 * SECOND;

describe("a runner's own limits", () => {
  let plane: FakeControlPlane;
  let clock: ManualClock;
  beforeEach(async () => {
    plane = await FakeControlPlane.open();
    clock = new ManualClock();
  });
  afterEach(() => plane.close());

  async function start(
    engine: ScriptedEngine,
    limits: Partial<Limits> = {},
  ): Promise<{ run: ScriptedRun; exit: Promise<number> }> {
    plane.order = { ...plane.order, limits: { ...DEFAULT_LIMITS, ...limits } };
    const { exit } = runRunner(plane, engine, clock);
    const run = await engine.run;
    await plane.until(() => plane.listeners > 0);
    return { run, exit };
  }
  /** Moves time in steps; after each the runner is known to have heard from the control plane. */
  async function pass(run: ScriptedRun, ms: number): Promise<void> {
    for (let left = ms; left > 0; left -= MINUTE) {
      await clock.advance(MINUTE);
      const id = `said-${clock.now()}`;
      plane.command({ id, kind: "say", text: "go on", mode: "steer" });
      await run.heard(id);
    }
  }
  const outcome = (): unknown => plane.finished[0]?.outcome;
  const usage = (key: string) =>
    ({
      type: "engine_usage",
      data: { key, model: "m", input: 1, output: 1, cacheRead: 0, cacheWrite: 0 },
    }) as const;
  const toolStart = {
    type: "tool_start",
    data: { id: "t", name: "Bash", kind: "execute", input: {} },
  } as const;
  const toolEnd = {
    type: "tool_end",
    data: { id: "t", status: "ok", output: "", outputBytes: 0, truncated: false },
  } as const;

  it("end a run at its wall limit, softly first", async () => {
    const { run, exit } = await start(new ScriptedEngine(), { wallMs: 30 * MINUTE, silenceMs: 60 * MINUTE });
    run.say("Half of it.");
    await plane.until(() => plane.has("text"));
    await pass(run, 29 * MINUTE);
    expect(run.interrupts).toBe(0);
    await clock.advance(MINUTE);
    expect(await exit).toBe(0);
    expect(run.interrupts).toBe(1);
    expect(outcome()).toMatchObject({ state: "failed", reason: "timeout", summary: "Half of it.", files: 0 });
  });

  it("kill an engine that does not stop when asked", async () => {
    const deaf = new ScriptedEngine(undefined, { onInterrupt: () => undefined });
    const { run, exit } = await start(deaf, { wallMs: MINUTE, silenceMs: MINUTE });
    run.interrupt = () => new Promise(() => undefined);
    await clock.advance(MINUTE);
    expect(run.kills).toBe(0);
    await clock.advance(3 * SECOND);
    expect(await exit).toBe(0);
    expect(run.kills).toBeGreaterThan(0);
    expect(outcome()).toMatchObject({ state: "failed", reason: "timeout" });
  });

  it("leave behind an engine that not even a kill ends", async () => {
    const undead = new ScriptedEngine(undefined, { onInterrupt: () => undefined, onKill: () => undefined });
    const { run, exit } = await start(undead, { wallMs: MINUTE, silenceMs: MINUTE });
    run.interrupt = () => new Promise(() => undefined);
    await clock.advance(MINUTE + 5 * SECOND);
    expect(await exit).toBe(0);
    expect(outcome()).toMatchObject({ state: "failed", reason: "timeout" });
  });

  it("end a run that says nothing for too long", async () => {
    const { run, exit } = await start(new ScriptedEngine(), { silenceMs: 5 * MINUTE });
    await pass(run, 4 * MINUTE);
    run.emit({ type: "activity", data: { state: "thinking" } });
    await plane.until(() => plane.has("activity", { state: "thinking" }));
    await pass(run, 4 * MINUTE);
    expect(run.interrupts).toBe(0);
    await clock.advance(MINUTE);
    expect(await exit).toBe(0);
    expect(outcome()).toMatchObject({ state: "failed", reason: "silence" });
  });

  it("take an open tool call for progress, and tell the control plane that work goes on", async () => {
    const { run, exit } = await start(new ScriptedEngine(), { silenceMs: 5 * MINUTE });
    run.emit(toolStart);
    await plane.until(() => plane.has("tool_start"));
    await pass(run, 30 * MINUTE);
    expect(run.interrupts).toBe(0);
    expect(plane.has("activity", { state: "tool" })).toBe(true);
    run.emit(toolEnd);
    await plane.until(() => plane.has("tool_end"));
    await clock.advance(5 * MINUTE);
    expect(await exit).toBe(0);
    expect(outcome()).toMatchObject({ reason: "silence" });
  });

  it("take an open model request for progress", async () => {
    const answer = Promise.withResolvers<void>();
    const arrived = Promise.withResolvers<void>();
    plane.outside = (_incoming, outgoing) => {
      arrived.resolve();
      void answer.promise.then(() => outgoing.end("{}"));
    };
    const { run, exit } = await start(new ScriptedEngine(), { silenceMs: 5 * MINUTE });
    const asked = fetch(`${run.options.modelApis.anthropic?.baseUrl}/v1/messages`, {
      method: "POST",
      body: "{}",
    });
    await arrived.promise;
    await pass(run, 30 * MINUTE);
    expect(run.interrupts).toBe(0);
    answer.resolve();
    await (await asked).text();
    while (run.interrupts === 0) await clock.advance(MINUTE);
    expect(await exit).toBe(0);
    expect(outcome()).toMatchObject({ reason: "silence" });
  });

  it("end a run that asks its model more often than allowed", async () => {
    const { run, exit } = await start(new ScriptedEngine(), { turns: 2 });
    for (const key of ["a", "b", "b"]) run.emit(usage(key));
    run.say("two turns");
    await plane.until(() => plane.has("text"));
    expect(run.interrupts).toBe(0);
    run.emit(usage("c"));
    expect(await exit).toBe(0);
    expect(outcome()).toMatchObject({ state: "failed", reason: "turns_exceeded" });
  });

  it("follow new limits at once", async () => {
    const { run, exit } = await start(new ScriptedEngine(), { wallMs: 60 * MINUTE, silenceMs: 60 * MINUTE });
    await pass(run, 10 * MINUTE);
    const limits = { ...DEFAULT_LIMITS, wallMs: 11 * MINUTE, silenceMs: 60 * MINUTE };
    plane.command({ id: "c1", kind: "limits", limits });
    plane.command({ id: "c2", kind: "say", text: "hurry", mode: "steer" });
    await run.heard("c2");
    expect(run.interrupts).toBe(0);
    await clock.advance(MINUTE);
    expect(await exit).toBe(0);
    expect(outcome()).toMatchObject({ reason: "timeout" });
  });

  it("stop the engine and leave when the control plane is gone for ten minutes", async () => {
    const { run, exit } = await start(new ScriptedEngine(), { silenceMs: 60 * MINUTE });
    await pass(run, 20 * MINUTE);
    expect(run.interrupts).toBe(0);
    await plane.stop();
    await clock.advance(10 * MINUTE - 1);
    expect(run.interrupts).toBe(0);
    await clock.advance(1);
    expect(await exit).toBe(4);
    expect(run.interrupts).toBe(1);
  });

  it("leave with an outcome nobody takes", async () => {
    const { run, exit } = await start(new ScriptedEngine());
    await plane.stop();
    run.turnEnd("completed");
    const left = exit.then((code) => ({ code }));
    while ((await Promise.race([left, clock.advance(MINUTE)])) === undefined);
    expect(await exit).toBe(4);
  });
});

describe("cancelling a run", () => {
  let plane: FakeControlPlane;
  beforeEach(async () => {
    plane = await FakeControlPlane.open();
  });
  afterEach(() => plane.close());

  async function cancelled(engine: ScriptedEngine): Promise<number> {
    const { exit } = runRunner(plane, engine);
    await engine.run;
    await plane.until(() => plane.listeners > 0);
    const began = performance.now();
    plane.command({ id: "c1", kind: "cancel" });
    expect(await exit).toBe(0);
    expect(plane.finished[0]?.outcome).toMatchObject({ state: "cancelled", reason: "cancelled_by_user" });
    return performance.now() - began;
  }

  it("is over at once when the engine stops", async () => {
    expect(await cancelled(new ScriptedEngine())).toBeLessThan(1000);
    expect(plane.finished[0]?.outcome.files).toBe(0);
  });

  it("is over within two seconds when the engine has to be killed", async () => {
    expect(await cancelled(new ScriptedEngine(undefined, { onInterrupt: () => undefined }))).toBeLessThan(
      2000,
    );
  });

  it("is over within two seconds even when the engine cannot be killed", async () => {
    const undead = { onInterrupt: () => undefined, onKill: () => undefined, onFinish: () => undefined };
    expect(await cancelled(new ScriptedEngine(undefined, undead))).toBeLessThan(2000);
  });

  it("reaches a run that has not begun yet", async () => {
    plane.command({ id: "c1", kind: "cancel" });
    const { exit } = runRunner(plane, new ScriptedEngine());
    expect(await exit).toBe(0);
    expect(plane.finished[0]?.outcome).toMatchObject({ state: "cancelled", reason: "cancelled_by_user" });
  });
});
