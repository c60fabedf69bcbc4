import { randomUUID } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Question } from "@agency/contract";
import type { EngineStart, ToolCall } from "@agency/core";
import { createMemoryEngine, MemoryFailure } from "./memory-engine.ts";
import type { MemoryTurn } from "./memory-engine.ts";
import { gateSuite, questionSuite } from "./suites/engine-decisions.suite.ts";
import { appeared } from "./suites/engine-stages.ts";
import type { Deed, OpenEngine } from "./suites/engine-stages.ts";
import { engineSuite, sessionSuite } from "./suites/engine.suite.ts";

async function write(turn: MemoryTurn, path: string, text: string): Promise<void> {
  const call: ToolCall = {
    id: randomUUID(),
    name: "write",
    kind: "edit",
    title: path,
    input: { path, text },
  };
  await turn.tool(call, async () => {
    await writeFile(join(turn.options.cwd, path), text);
    return "Written.";
  });
}

async function ask(turn: MemoryTurn, question: Question): Promise<void> {
  const answers = await turn.ask([question]);
  turn.say({ type: "text", data: { messageId: randomUUID(), text: `Answered: ${JSON.stringify(answers)}` } });
}

async function perform(deed: Deed, turn: MemoryTurn): Promise<void> {
  const { cwd } = turn.options;
  if (deed.do === "fail") throw new MemoryFailure("overloaded", "The model is overloaded.");
  if (deed.do === "say") turn.say({ type: "text", data: { messageId: randomUUID(), text: deed.text } });
  if (deed.do === "write") await write(turn, deed.path, deed.text);
  if (deed.do === "ask") await ask(turn, deed.question);
  if (deed.do !== "wait") return;
  turn.say({ type: "tool_start", data: { id: randomUUID(), name: "wait", kind: "other", input: null } });
  await writeFile(join(cwd, "started"), "");
  await appeared(join(cwd, "go"), turn.signal);
}

const open: OpenEngine = async (turns) => {
  const folder = await mkdtemp(join(tmpdir(), "agency-memory-engine-"));
  const options: EngineStart = {
    cwd: folder,
    home: folder,
    env: {},
    modelApis: {},
    limits: { turns: 10, costUsd: 1, drainMs: 1000, killGraceMs: 1000 },
  };
  const engine = createMemoryEngine({
    play: async (turn) => {
      for (const deed of turns[Number(turn.input.id)] ?? []) await perform(deed, turn);
      return "Done.";
    },
  });
  return {
    engine,
    inputs: turns.map((_, index) => ({ id: String(index), text: `turn ${index}` })),
    options,
    livingProcesses: () => 0,
    close: () => rm(folder, { recursive: true }),
  };
};

engineSuite("The memory engine", open);
sessionSuite("The memory engine", open);
gateSuite("The memory engine", open);
questionSuite("The memory engine", open);
