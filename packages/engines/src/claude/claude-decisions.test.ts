import type { GateDecision, ToolCall } from "@agency/core";
import { raw, shell } from "@agency/scripted-model";
import { endOf, eventsOf } from "@agency/testing";
import { afterEach, describe, expect, it } from "vitest";
import { bodies, claudeEngine, createClaudeStage, play, readClaude, say } from "../testing/claude-harness.ts";
import { LIMITS } from "../testing/run-folder.ts";

const question = (text: string, multiSelect = false) => ({
  question: text,
  header: "Choice",
  multiSelect,
  options: ["One", "Two"].map((label) => ({ label, description: `${label} it is.` })),
});
const agent = raw("Agent", { description: "look", prompt: "[[s:inner]]", subagent_type: "general-purpose" });

describe("the claude engine's decisions", () => {
  const stage = createClaudeStage();
  afterEach(() => stage.clear());

  it("asks about each of several calls, and those of sub-agents too", async () => {
    const calls: ToolCall[] = [];
    const gate = async (call: ToolCall): Promise<GateDecision> => {
      calls.push(call);
      return call.command === "echo no" ? { allow: false, reason: "Not that." } : { allow: true };
    };
    const scene = await stage.scene(
      {
        main: [
          { tools: [shell("echo yes"), shell("echo no")] },
          { tools: [agent] },
          { text: "It looks." },
          { text: "Done." },
        ],
        inner: [{ tools: [shell("echo no")] }, { text: "I may not." }],
      },
      { gate },
    );
    const events = await play(scene, say("main"));
    expect(calls.map(({ kind, command, title }) => `${kind}: ${command ?? title}`).toSorted()).toEqual([
      "agent: look",
      "execute: echo no",
      "execute: echo no",
      "execute: echo yes",
    ]);
    const started = eventsOf(events, "tool_start").map(({ id }) => id);
    expect(started.toSorted()).toEqual(calls.map(({ id }) => id).toSorted());
    const denied = eventsOf(events, "tool_end").filter(({ status }) => status === "denied");
    expect(denied.map(({ output }) => output)).toEqual(["Not that.", "Not that."]);
    expect(eventsOf(events, "command").map(({ command }) => command)).toEqual(["echo yes"]);
  });

  it("refuses a call when deciding about it fails", async () => {
    const gate = (): Promise<GateDecision> => Promise.reject(new Error("broken"));
    const scene = await stage.scene({ main: [{ tools: [shell("echo 1")] }, { text: "Done." }] }, { gate });
    const events = await play(scene, say("main"));
    expect(eventsOf(events, "tool_end")).toMatchObject([{ status: "denied" }]);
    expect(endOf(events)).toMatchObject({ outcome: "completed" });
  });

  it("does not cut work in the background while somebody decides about it, or the run is paused", async () => {
    const decided = Promise.withResolvers<GateDecision>();
    const asked = Promise.withResolvers<void>();
    const gate = async (call: ToolCall): Promise<GateDecision> => {
      if (call.kind === "agent") return { allow: true };
      asked.resolve();
      return decided.promise;
    };
    const scene = await stage.scene(
      {
        main: [{ tools: [agent] }, { text: "It looks." }, { text: "It has looked." }],
        inner: [{ tools: [shell("echo seen")] }, { text: "I saw." }],
      },
      { gate, limits: { ...LIMITS, drainMs: 1 } },
    );
    const run = claudeEngine().start(say("main"), scene.options);
    const turn = Promise.withResolvers<void>();
    const events: Parameters<typeof endOf>[0][number][] = [];
    const read = (async () => {
      for await (const event of run) {
        events.push(event);
        if (event.type === "turn_end") turn.resolve();
      }
    })();
    await Promise.all([asked.promise, turn.promise]);
    await run.finish();
    run.pause();
    decided.resolve({ allow: true });
    await read;
    expect(eventsOf(events, "command").map(({ command }) => command)).toEqual(["echo seen"]);
    expect(eventsOf(events, "notice")).toEqual([]);
  });

  it("gives its model every answer, and asks nobody whether it may ask", async () => {
    const gate = (): Promise<GateDecision> => Promise.reject(new Error("asked about a question"));
    const scene = await stage.scene(
      {
        main: [
          { tools: [raw("AskUserQuestion", { questions: [question("Which?", true), question("How?")] })] },
          { text: "Done." },
        ],
      },
      { gate, ask: async () => [["One", "Two"], ['my "own" words']] },
    );
    const run = claudeEngine().start(say("main"), scene.options);
    await run.finish();
    const events = await readClaude(run);
    expect(eventsOf(events, "tool_end")).toMatchObject([
      { status: "ok", output: expect.stringContaining('"Which?"="One, Two", "How?"="my "own" words"') },
    ]);
    expect(eventsOf(events, "activity").map(({ state }) => state)).toContain("waiting_user");
  });

  it("tells its model that nobody answers", async () => {
    const scene = await stage.scene(
      { main: [{ tools: [raw("AskUserQuestion", { questions: [question("Which?")] })] }, { text: "Done." }] },
      { ask: async () => null },
    );
    const events = await play(scene, say("main"));
    expect(eventsOf(events, "tool_end")).toMatchObject([
      { status: "denied", output: "Nobody answers; decide yourself." },
    ]);
    expect(bodies(scene)).toContain("Nobody answers; decide yourself.");
  });

  it("passes no limit on that somebody else counts", async () => {
    const limits = { ...LIMITS, turns: null, costUsd: null };
    const scene = await stage.scene(
      { main: [{ tools: [shell("echo 1")] }, { tools: [shell("echo 2")] }, { text: "Done." }] },
      { limits },
    );
    expect(endOf(await play(scene, say("main")))).toMatchObject({ outcome: "completed" });
  });
});
