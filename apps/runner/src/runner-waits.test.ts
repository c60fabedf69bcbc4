import { DEFAULT_LIMITS } from "@agency/contract";
import type { Limits } from "@agency/contract";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { FakeControlPlane, hold } from "./testing/fake-control-plane.ts";
import { ManualClock, settle } from "./testing/manual-clock.ts";
import { runRunner } from "./testing/run-runner.ts";
import { ScriptedEngine } from "./testing/scripted-engine.ts";
import type { ScriptedRun } from "./testing/scripted-engine.ts";

const MINUTE = 60_000;

describe("a run that waits", () => {
  let plane: FakeControlPlane;
  let clock: ManualClock;
  let calls: number;
  beforeEach(async () => {
    plane = await FakeControlPlane.open();
    clock = new ManualClock();
    calls = 0;
    plane.outside = (_incoming, outgoing) => {
      calls += 1;
      outgoing.end("{}");
    };
  });
  afterEach(() => plane.close());

  async function start(
    limits: Partial<Limits> = {},
    engine = new ScriptedEngine(),
  ): Promise<{ run: ScriptedRun; exit: Promise<number> }> {
    plane.order = { ...plane.order, limits: { ...DEFAULT_LIMITS, ...limits } };
    const { exit } = runRunner(plane, engine, clock);
    const run = await engine.run;
    await plane.until(() => plane.listeners > 0);
    return { run, exit };
  }
  const callModel = async (run: ScriptedRun): Promise<string> => {
    const url = `${run.options.modelApis.anthropic?.baseUrl}/v1/messages`;
    return (await fetch(url, { method: "POST", body: "{}" })).text();
  };
  /** Commands are carried out in order: when this one is heard, those before it are. */
  async function sync(run: ScriptedRun): Promise<void> {
    const id = `sync-${run.sent.length}`;
    plane.command({ id, kind: "say", text: "still there?", mode: "steer" });
    await run.heard(id);
  }
  async function pass(run: ScriptedRun, ms: number): Promise<void> {
    for (let left = ms; left > 0; left -= 5 * MINUTE) {
      await clock.advance(Math.min(left, 5 * MINUTE));
      await sync(run);
    }
  }
  const usage = (key: string, output: number) =>
    ({
      type: "engine_usage",
      data: { key, model: "claude-opus-4-5", input: 0, output, cacheRead: 0, cacheWrite: 0 },
    }) as const;
  const outcome = (): unknown => plane.finished[0]?.outcome;

  it("is neither silent nor late, and has its whole time afterwards", async () => {
    const { run, exit } = await start({ wallMs: 30 * MINUTE, silenceMs: 20 * MINUTE });
    await pass(run, 10 * MINUTE);
    plane.command({ id: "w", kind: "wait", reason: "needs_input", pause: false });
    await sync(run);
    await pass(run, 60 * MINUTE);
    expect(run.interrupts).toBe(0);
    expect(run.isPaused).toBe(false);
    plane.command({ id: "p", kind: "proceed" });
    await sync(run);
    await pass(run, 19 * MINUTE);
    expect(run.interrupts).toBe(0);
    await clock.advance(MINUTE);
    expect(await exit).toBe(0);
    expect(outcome()).toMatchObject({ state: "failed", reason: "timeout" });
  });

  it("tells an engine that stops only its own clocks of every wait", async () => {
    const engine = new ScriptedEngine(undefined, {}, { pause: "model" });
    const { run, exit } = await start({}, engine);
    plane.command({ id: "w1", kind: "wait", reason: "paused_by_user", pause: true });
    await run.stood(true);
    plane.command({ id: "w2", kind: "wait", reason: "usage_limit", pause: false });
    await sync(run);
    expect(run.isPaused).toBe(true);
    plane.command({ id: "p", kind: "proceed" });
    await run.stood(false);
    run.turnEnd("completed");
    expect(await exit).toBe(0);
  });

  it("stands still when it is paused, and goes on when told to", async () => {
    const { run, exit } = await start();
    plane.command({ id: "w", kind: "wait", reason: "paused_by_user", pause: true });
    await run.stood(true);
    const called = callModel(run);
    await settle();
    expect(calls).toBe(0);
    plane.command({ id: "p", kind: "proceed" });
    await run.stood(false);
    expect(await called).toBe("{}");
    run.turnEnd("completed");
    expect(await exit).toBe(0);
  });

  it("moves again when only a wait is left in which it need not stand still", async () => {
    const { run, exit } = await start();
    plane.command({ id: "w1", kind: "wait", reason: "paused_by_user", pause: true });
    await run.stood(true);
    const called = callModel(run);
    plane.command({ id: "w2", kind: "wait", reason: "needs_input", pause: false });
    await run.stood(false);
    expect(await called).toBe("{}");
    run.turnEnd("completed");
    expect(await exit).toBe(0);
  });

  it("can be cancelled while it stands still", async () => {
    const { run, exit } = await start();
    plane.command({ id: "w", kind: "wait", reason: "paused_by_user", pause: true });
    await run.stood(true);
    plane.command({ id: "c", kind: "cancel" });
    expect(await exit).toBe(0);
    expect(run.isPaused).toBe(false);
    expect(outcome()).toMatchObject({ state: "cancelled" });
  });

  it("stands still from its first moment when it was paused before it began", async () => {
    plane.command({ id: "w", kind: "wait", reason: "paused_by_user", pause: true });
    const { run, exit } = await start();
    await run.stood(true);
    plane.command({ id: "p", kind: "proceed" });
    await run.stood(false);
    run.turnEnd("completed");
    expect(await exit).toBe(0);
  });

  it("is held by the broker without knowing it, and a held call is no silence", async () => {
    const held = Promise.withResolvers<void>();
    plane.outside = (_incoming, outgoing) => {
      calls += 1;
      held.resolve();
      if (calls === 1) hold(outgoing, 86_400);
      else outgoing.end("at last");
    };
    const { run, exit } = await start({ silenceMs: 5 * MINUTE });
    const called = callModel(run);
    await held.promise;
    plane.command({ id: "w", kind: "wait", reason: "usage_limit", pause: false });
    plane.command({ id: "p", kind: "proceed" });
    expect(await called).toBe("at last");
    run.turnEnd("completed");
    expect(await exit).toBe(0);
  });

  it("makes no further model call when its turns are used", async () => {
    const { run, exit } = await start({ turns: 2 });
    run.emit(usage("a", 1));
    run.emit(usage("b", 1));
    run.say("two turns");
    await plane.until(() => plane.has("text"));
    const called = callModel(run).catch(() => "cut");
    expect(await exit).toBe(0);
    expect(await called).toBe("cut");
    expect(calls).toBe(0);
    expect(outcome()).toMatchObject({ state: "failed", reason: "turns_exceeded" });
  });

  it("counts its money with the prices of the installation, as the broker does", async () => {
    const models = { "claude-opus-4-5": { input: 0, output: 0 } };
    plane.order = { ...plane.order, prices: JSON.stringify({ models }) };
    const { run, exit } = await start({ costUsd: 1 });
    run.emit(usage("a", 100_000));
    run.say("spent nothing");
    await plane.until(() => plane.has("text"));
    expect(await callModel(run)).toBe("{}");
    run.turnEnd("completed");
    expect(await exit).toBe(0);
  });

  it("keeps a call that its money does not pay for until there is more", async () => {
    const { run, exit } = await start({ costUsd: 1 });
    run.emit(usage("a", 100_000));
    run.say("spent");
    await plane.until(() => plane.has("text"));
    const called = callModel(run);
    await plane.until(() => plane.has("notice", { level: "warn" }));
    expect(calls).toBe(0);
    plane.command({ id: "l", kind: "limits", limits: { ...DEFAULT_LIMITS, costUsd: 5 } });
    expect(await called).toBe("{}");
    run.turnEnd("completed");
    expect(await exit).toBe(0);
  });

  it("fails when its money is gone and nobody wants to wait", async () => {
    plane.order = { ...plane.order, onBudget: "stop" };
    const { run, exit } = await start({ costUsd: 1 });
    run.emit(usage("a", 100_000));
    run.say("spent");
    await plane.until(() => plane.has("text"));
    const called = callModel(run).catch(() => "cut");
    expect(await exit).toBe(0);
    expect(await called).toBe("cut");
    expect(calls).toBe(0);
    expect(outcome()).toMatchObject({ state: "failed", reason: "budget_exceeded" });
  });

  it("fails when it has written more than it may", async () => {
    const { run, exit } = await start({ outputBytes: 1024 * 1024 });
    for (let n = 0; n < 20; n += 1) run.say("x".repeat(100_000));
    expect(await exit).toBe(0);
    expect(outcome()).toMatchObject({ state: "failed", reason: "output_exceeded" });
    expect(plane.ofType("notice")).toMatchObject([{ text: expect.stringContaining("is stopped") }]);
    const types = plane.events.map(({ type }) => type);
    expect(types.slice(types.indexOf("notice") + 1)).toEqual([
      "phase",
      "delivery",
      ...Array(5).fill("phase"),
    ]);
  });
});
