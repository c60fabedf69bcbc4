import type { ToolCall } from "@agency/core";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { FakeControlPlane } from "../testing/fake-control-plane.ts";
import { runRunner } from "../testing/run-runner.ts";
import { ScriptedEngine } from "../testing/scripted-engine.ts";
import type { ScriptedRun } from "../testing/scripted-engine.ts";

const never = new AbortController().signal;
const questions = [{ text: "Tabs?", choices: [{ label: "yes" }, { label: "no" }], multiple: false }];
const bash = (command: string): ToolCall => ({
  id: "tool-1",
  name: "Bash",
  kind: "execute",
  title: command,
  input: { command },
  command,
});

describe("what an agent asks of people", () => {
  let plane: FakeControlPlane;
  beforeEach(async () => {
    plane = await FakeControlPlane.open();
  });
  afterEach(() => plane.close());

  async function start(): Promise<{ run: ScriptedRun; exit: Promise<number> }> {
    const engine = new ScriptedEngine();
    const { exit } = runRunner(plane, engine);
    const run = await engine.run;
    await plane.until(() => plane.listeners > 0);
    return { run, exit };
  }
  const ask = (run: ScriptedRun, signal = never): Promise<string[][] | null> =>
    run.options.ask?.("q", questions, signal) ?? Promise.reject(new Error("No questions here."));
  const gate = (run: ScriptedRun, call: ToolCall, signal = never): Promise<unknown> =>
    run.options.gate?.(call, signal) ?? Promise.reject(new Error("No gate here."));
  const answer = (askId: string, answers: string[][]): void =>
    plane.command({ id: `a-${askId}`, kind: "answer", askId, answer: { kind: "question", answers } });
  const decide = (askId: string, allow: boolean, reason?: string): void =>
    plane.command({
      id: `a-${askId}`,
      kind: "answer",
      askId,
      answer: { kind: "approval", allow, ...(reason === undefined ? {} : { reason }) },
    });

  it("is posted, waited for and answered by a command", async () => {
    const { run, exit } = await start();
    const asked = ask(run);
    await plane.until(() => plane.asks.length === 1 && plane.has("activity", { state: "waiting_user" }));
    expect(plane.asks).toEqual([{ id: "1-1-q", kind: "question", questions }]);
    answer("1-1-q", [["no"]]);
    expect(await asked).toEqual([["no"]]);
    run.turnEnd("completed");
    expect(await exit).toBe(0);
    expect(plane.ofType("activity")).toMatchObject([{ state: "waiting_user" }, { state: "tool" }]);
  });

  it("has an id of its own, however often the engine uses one", async () => {
    const { run } = await start();
    const both = [ask(run), ask(run)];
    await plane.until(() => plane.asks.length === 2);
    answer("1-2-q", [["two"]]);
    answer("1-1-q", [["one"]]);
    expect(await Promise.all(both)).toEqual([[["one"]], [["two"]]]);
    run.turnEnd("completed");
  });

  it("survives lost answers and restarts of the control plane", async () => {
    let lost = 0;
    plane.script = (route) =>
      route === "ask" && (lost += 1) < 4 ? (lost === 2 ? { status: 503 } : "lost") : undefined;
    const { run } = await start();
    const asked = ask(run);
    await plane.until(() => plane.asks.length === 1);
    await plane.stop();
    await plane.start();
    await plane.until(() => plane.listeners > 0);
    answer("1-1-q", [["yes"]]);
    expect(await asked).toEqual([["yes"]]);
    expect(plane.asks).toHaveLength(1);
    run.turnEnd("completed");
  });

  it("may be answered before its receipt has come", async () => {
    plane.script = (route) => {
      if (route !== "ask") return undefined;
      answer("1-1-q", [["quick"]]);
      return "lost";
    };
    const { run } = await start();
    expect(await ask(run)).toEqual([["quick"]]);
    run.turnEnd("completed");
  });

  it.each([409, 422])("goes unanswered when the control plane says %i", async (status) => {
    plane.order = { ...plane.order, approve: "commands" };
    plane.script = (route) => (route === "ask" ? { status } : undefined);
    const { run } = await start();
    expect(await ask(run)).toBeNull();
    expect(await gate(run, bash("make"))).toEqual({
      allow: false,
      reason: expect.stringContaining("Nobody can be asked"),
    });
    run.turnEnd("completed");
  });

  it("is withdrawn with the call it belongs to, and its late answer means nothing", async () => {
    const { run, exit } = await start();
    const withdrawn = new AbortController();
    const asked = ask(run, withdrawn.signal);
    await plane.until(() => plane.asks.length === 1);
    withdrawn.abort();
    expect(await asked).toBeNull();
    // Else the task would wait for ever for what nobody needs.
    await plane.until(() => plane.withdrawn.length === 1);
    expect(plane.withdrawn).toEqual(["1-1-q"]);
    answer("1-1-q", [["late"]]);
    answer("never asked", [["?"]]);
    run.turnEnd("completed");
    expect(await exit).toBe(0);
  });

  it("is not possible in a task that allows no questions", async () => {
    plane.order = { ...plane.order, questions: false };
    const { run } = await start();
    expect(run.options.ask).toBeUndefined();
    run.turnEnd("completed");
  });

  it("is a yes or a no to a tool call, when the task wants to be asked", async () => {
    plane.order = { ...plane.order, approve: "commands" };
    const { run } = await start();
    expect(await gate(run, { ...bash(""), kind: "edit", command: undefined } as unknown as ToolCall)).toEqual(
      { allow: true },
    );
    const yes = gate(run, bash("make"));
    const no = gate(run, bash("rm x"));
    await plane.until(() => plane.asks.length === 2);
    expect(plane.asks[0]).toEqual({
      id: "1-1-tool-1",
      kind: "approval",
      tool: "Bash",
      title: "make",
      input: { command: "make" },
    });
    decide("1-1-tool-1", true);
    decide("1-2-tool-1", false, "keep it");
    expect(await yes).toEqual({ allow: true });
    expect(await no).toEqual({ allow: false, reason: "keep it" });
    run.turnEnd("completed");
  });

  it("is not even asked where the rules say no", async () => {
    plane.order = { ...plane.order, approve: "all", commandPolicy: { allow: [], deny: ["git push *"] } };
    const { run } = await start();
    expect(await gate(run, bash("cd x && git push"))).toMatchObject({ allow: false });
    expect(plane.asks).toEqual([]);
    run.turnEnd("completed");
  });

  it("is no use with an engine that asks nobody: the run does not start", async () => {
    plane.order = { ...plane.order, commandPolicy: { allow: ["ls"], deny: [] } };
    const engine = new ScriptedEngine();
    Object.assign(engine.capabilities, { toolGate: "none" });
    expect(await runRunner(plane, engine).exit).toBe(0);
    expect(plane.finished[0]?.outcome).toMatchObject({
      reason: "setup_failed",
      summary: expect.stringContaining("without asking"),
    });
  });
});
