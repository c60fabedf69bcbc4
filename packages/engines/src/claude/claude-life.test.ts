import { watch } from "node:fs";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fault, raw, shell } from "@agency/scripted-model";
import { appeared, endOf, eventsOf } from "@agency/testing";
import type { EngineEvent } from "@agency/core";
import { afterEach, describe, expect, it } from "vitest";
import { readProcessTable, wasStartedWith } from "../shared/process-table.ts";
import { claudeEngine, createClaudeStage, play, readClaude, say } from "../testing/claude-harness.ts";
import type { Scene } from "../testing/claude-harness.ts";
import { LIMITS } from "../testing/run-folder.ts";

const WAIT = "touch started; until [ -e go ]; do sleep 0.02; done";
const FOREVER = "touch started; tail -f /dev/null";

const total = (events: readonly EngineEvent[]) => {
  const usage = eventsOf(events, "engine_usage");
  return {
    input: usage.reduce((sum, u) => sum + u.input, 0),
    output: usage.reduce((sum, u) => sum + u.output, 0),
  };
};

describe("the claude engine over its life", () => {
  const stage = createClaudeStage();
  afterEach(() => stage.clear());
  const started = (scene: Scene) => appeared(join(scene.cwd, "started"));

  it("stays for the work of a sub-agent and the turn that follows it", async () => {
    const scene = await stage.scene({
      main: [
        {
          tools: [
            raw("Agent", { description: "look", prompt: "[[s:inner]]", subagent_type: "general-purpose" }),
          ],
        },
        { text: "It looks." },
        { text: "It has looked." },
      ],
      inner: [{ text: "I look.", tools: [shell("echo seen")] }, { text: "I saw." }],
    });
    const events = await play(scene, say("main"));
    scene.model.assertPlayedOut("main");
    expect(eventsOf(events, "turn_end").map(({ inputIds, text }) => [inputIds, text])).toEqual([
      [["main"], "It looks."],
      [[], "It has looked."],
    ]);
    const agent = eventsOf(events, "tool_start").find(({ kind }) => kind === "agent");
    const inner = eventsOf(events, "tool_start").find(({ name }) => name === "Bash");
    expect(inner?.parentToolId).toBe(agent?.id);
    expect(
      eventsOf(events, "text")
        .filter(({ parentToolId }) => parentToolId === agent?.id)
        .map(({ text }) => text),
    ).toEqual(["I look.", "I saw."]);
    expect(eventsOf(events, "subtask").map(({ what, status }) => [what, status])).toEqual([
      ["agent", "started"],
      ["agent", "completed"],
    ]);
    // Responses of sub-agents are not streamed; they are counted all the same, and once.
    expect(total(events)).toEqual({ input: 3003 + 2001, output: 303 + 201 });
  });

  it("stays for a shell in the background, and tells the model of its end", async () => {
    const scene = await stage.scene({
      main: [{ tools: [shell(WAIT, { background: true })] }, { text: "It runs." }, { text: "It is done." }],
    });
    const run = claudeEngine().start(say("main"), scene.options);
    await run.finish();
    const events = readClaude(run);
    await scene.model.reached("main", 1);
    await writeFile(join(scene.cwd, "go"), "");
    expect(eventsOf(await events, "turn_end").map(({ text }) => text)).toEqual(["It runs.", "It is done."]);
    expect(eventsOf(await events, "command")).toMatchObject([{ command: WAIT, exitCode: 0 }]);
    expect(endOf(await events)).toMatchObject({ outcome: "completed" });
  });

  it("cuts work in the background that does not end", async () => {
    const scene = await stage.scene(
      { main: [{ tools: [shell(FOREVER, { background: true })] }, { text: "It runs." }] },
      { limits: { ...LIMITS, drainMs: 100 } },
    );
    const events = await play(scene, say("main"));
    expect(eventsOf(events, "notice").map(({ level }) => level)).toEqual(["warn"]);
    expect(eventsOf(events, "subtask").map(({ status }) => status)).toEqual(["started", "stopped"]);
    expect(endOf(events)).toMatchObject({ outcome: "completed" });
  });

  it("stops in the middle of a streamed answer, and keeps what was said", async () => {
    const scene = await stage.scene({
      main: [{ text: "one two three four five six", fault: fault.hangMidStream() }],
    });
    const run = claudeEngine().start(say("main"), scene.options);
    const events: EngineEvent[] = [];
    for await (const event of run) {
      events.push(event);
      if (event.type === "text_delta") {
        await run.finish();
        void run.interrupt();
      }
    }
    expect(eventsOf(events, "turn_end")).toMatchObject([{ inputIds: ["main"], stop: "interrupted" }]);
    expect(eventsOf(events, "text")).toHaveLength(1);
    expect(endOf(events)).toMatchObject({ outcome: "interrupted" });
  });

  it("breaks off a running tool when interrupted", async () => {
    const scene = await stage.scene({ main: [{ tools: [shell(FOREVER)] }] });
    const run = claudeEngine().start(say("main"), scene.options);
    const events = readClaude(run);
    await started(scene);
    await run.interrupt();
    await run.finish();
    expect(eventsOf(await events, "tool_end")).toMatchObject([{ status: "aborted" }]);
    expect(eventsOf(await events, "error")).toEqual([]);
  });

  it("can be interrupted before it has begun", async () => {
    const scene = await stage.scene({ main: [{ text: "Done.", gate: "never" }] });
    const run = claudeEngine().start(say("main"), scene.options);
    await run.finish();
    const [events] = await Promise.all([readClaude(run), run.interrupt()]);
    expect(eventsOf(events, "turn_end")).toMatchObject([{ inputIds: ["main"], stop: "interrupted" }]);
  });

  it("hands a steering message to the model between two tool calls", async () => {
    const scene = await stage.scene({ main: [{ tools: [shell(WAIT)] }, { text: "I see." }] });
    const run = claudeEngine().start(say("main"), scene.options);
    const events = readClaude(run);
    await started(scene);
    await run.send({ id: "steer", text: "Look at the left side." }, "steer");
    await run.finish();
    await writeFile(join(scene.cwd, "go"), "");
    expect(eventsOf(await events, "turn_end")).toMatchObject([
      { inputIds: ["main", "steer"], stop: "completed" },
    ]);
    expect(scene.model.requests.at(-1)?.newTexts.join(" ")).toContain("Look at the left side.");
  });

  it("gives a message that comes too late for the turn a turn of its own", async () => {
    const scene = await stage.scene({ main: [{ text: "One." }, { text: "Two." }] });
    const run = claudeEngine().start(say("main"), scene.options);
    const ended: string[][] = [];
    for await (const event of run) {
      if (event.type === "text" && event.data.text === "One.") {
        await run.send({ id: "late", text: "One more thing." }, "steer");
        await run.finish();
      }
      if (event.type === "turn_end") ended.push(event.data.inputIds);
    }
    expect(ended).toEqual([["main"], ["late"]]);
    scene.model.assertPlayedOut("main");
  });

  it("is resumed after it was shot, with all that was said before", async () => {
    const scene = await stage.scene({
      main: [{ text: "I begin.", tools: [shell(FOREVER)] }],
      again: [{ text: "I go on." }],
    });
    const engine = claudeEngine();
    const run = engine.start(say("main"), scene.options);
    const events = readClaude(run);
    await started(scene);
    await remembered(scene.options.home, "I begin.");
    shoot(scene);
    expect(endOf(await events)).toMatchObject({
      outcome: "failed",
      errorClass: "engine_crash",
      signal: "SIGKILL",
    });
    expect(eventsOf(await events, "error")).toMatchObject([{ class: "engine_crash", retryable: true }]);
    expect(eventsOf(await events, "turn_end")).toMatchObject([{ inputIds: ["main"], stop: "error" }]);
    const { sessionId = "", ...options } = scene.options;
    const resumed = await play({ ...scene, options: { ...options, resume: { sessionId } } }, say("again"));
    expect(endOf(resumed)).toMatchObject({ outcome: "completed" });
    expect(scene.model.requests.at(-1)?.body).toContain("I begin.");
    // What the earlier process used is in the engine's totals, and must not be said again.
    expect(total(resumed)).toEqual({ input: 1000, output: 100 });
  });

  it("stops at the limit of turns", async () => {
    const scene = await stage.scene(
      { main: [{ tools: [shell("echo 1")] }, { tools: [shell("echo 2")] }, { text: "Too far." }] },
      { limits: { ...LIMITS, turns: 2 } },
    );
    const events = await play(scene, say("main"));
    expect(eventsOf(events, "turn_end")).toMatchObject([{ inputIds: ["main"], stop: "max_turns" }]);
    expect(endOf(events)).toMatchObject({ outcome: "limit", limit: "turns" });
  });

  it("counts turns over all inputs of a run", async () => {
    const scene = await stage.scene(
      {
        one: [{ tools: [shell("echo 1")] }, { text: "One." }],
        two: [{ tools: [shell("echo 2")] }, { text: "Too far.", fault: fault.hangMidStream() }],
      },
      { limits: { ...LIMITS, turns: 3 } },
    );
    const run = claudeEngine().start(say("one"), scene.options);
    await run.send(say("two"), "next_turn");
    await run.send(say("three"), "next_turn");
    const events = await readClaude(run);
    expect(eventsOf(events, "turn_end").map(({ inputIds, stop }) => [inputIds, stop])).toEqual([
      [["one"], "completed"],
      [["two"], "max_turns"],
      [["three"], "max_turns"],
    ]);
    expect(endOf(events)).toMatchObject({ outcome: "limit", limit: "turns" });
  });

  it("stops at the limit of money, at most one response later", async () => {
    const scene = await stage.scene(
      { main: [{ tools: [shell("echo 1")] }, { tools: [shell("echo 2")] }, { text: "Too far." }] },
      { limits: { ...LIMITS, costUsd: 0.01 } },
    );
    const events = await play(scene, say("main"));
    expect(eventsOf(events, "turn_end")).toMatchObject([{ stop: "budget" }]);
    expect(endOf(events)).toMatchObject({ outcome: "limit", limit: "cost" });
    expect(total(events)).toEqual({ input: 2001, output: 201 });
  });
});

/** Kills the program itself, as a machine out of memory would. */
function shoot(scene: Scene): void {
  const mark = `AGENCY_TEST_RUN=${scene.env["AGENCY_TEST_RUN"] ?? ""}`;
  const ours = readProcessTable().filter(({ pid }) => wasStartedWith(pid, mark));
  const parents = new Set(ours.map(({ ppid }) => ppid));
  const leader = ours.find(({ pid, ppid }) => parents.has(pid) && ppid === process.pid);
  if (leader === undefined) throw new Error("The engine's process was not found.");
  process.kill(leader.pid, "SIGKILL");
}

/** The engine writes its memory a moment after it acts; only what is on disk survives a shot. */
async function remembered(home: string, text: string): Promise<void> {
  const folder = join(home, ".claude", "projects");
  const isThere = async () => {
    const names = (await readdir(folder, { recursive: true })).filter((name) => name.endsWith(".jsonl"));
    const memories = await Promise.all(names.map((name) => readFile(join(folder, name), "utf8")));
    return memories.some((memory) => memory.includes(text));
  };
  await new Promise<void>((resolve) => {
    const look = async () => {
      if (!(await isThere())) return;
      watcher.close();
      resolve();
    };
    const watcher = watch(folder, { recursive: true }, () => void look());
    void look();
  });
}
