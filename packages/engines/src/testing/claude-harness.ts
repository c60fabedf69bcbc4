import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Engine, EngineEvent, EngineRun, EngineStart, UserInput } from "@agency/core";
import { createScriptedModel } from "@agency/scripted-model";
import type { ScriptedModel, Step } from "@agency/scripted-model";
import { eventsOf, readRun } from "@agency/testing";
import { createClaudeEngine } from "../claude/claude-engine.ts";
import { realClock } from "./real-clock.ts";
import { createRunFolder, LIMITS } from "./run-folder.ts";
import type { RunFolder } from "./run-folder.ts";

const PACKAGE = `@anthropic-ai/claude-agent-sdk-${process.platform}-${process.arch}`;

/** The real program, as npm installed it. */
export function claudeProgram(): string {
  const path = fileURLToPath(import.meta.resolve(`${PACKAGE}/claude`));
  if (!existsSync(path)) throw new Error(`Claude Code is missing at ${path}. Run: npm ci --include=optional`);
  return path;
}

export function claudeEngine(more: { maxSessionBytes?: number; executable?: string } = {}): Engine {
  return createClaudeEngine({ executable: claudeProgram(), clock: realClock, ...more });
}

/** A priced model, so that cost is not zero. */
export const MODEL = "claude-sonnet-4-5";

export interface Scene extends RunFolder {
  model: ScriptedModel;
  options: EngineStart;
}

export interface ClaudeStage {
  /** Folders, and a scripted model that plays `scripts`; a prompt names one as `[[s:NAME]]`. */
  scene(scripts: Record<string, readonly Step[]>, more?: Partial<EngineStart>): Promise<Scene>;
  /** Fails when a scene left a process, or its model met a request that no script answers. */
  clear(): Promise<void>;
}

export function createClaudeStage(): ClaudeStage {
  const scenes: { scene: Scene; readonly close: () => Promise<void> }[] = [];
  return {
    async scene(scripts, more = {}) {
      const folder = await createRunFolder();
      const model = createScriptedModel({
        scripts: Object.fromEntries(Object.entries(scripts).map(([name, steps]) => [name, { steps }])),
        keepBodies: true,
      });
      const listening = await model.listen();
      const { env = {}, ...rest } = more;
      const options: EngineStart = {
        cwd: folder.cwd,
        home: folder.home,
        model: MODEL,
        modelApis: { anthropic: { baseUrl: listening.url, key: "placeholder" } },
        sessionId: randomUUID(),
        limits: LIMITS,
        ...rest,
        env: { ...folder.env, ...env },
      };
      const scene = { ...folder, model, options };
      scenes.push({ scene, close: () => listening.close() });
      return scene;
    },
    async clear() {
      for (const { scene, close } of scenes.splice(0)) {
        await close();
        await scene.clear();
        scene.model.assertClean();
      }
    },
  };
}

export function say(script: string, id: string = script): UserInput {
  return { id, text: `[[s:${script}]]` };
}

/** Plays one input to the end of the run. */
export async function play(
  scene: Scene,
  input: UserInput,
  engine: Engine = claudeEngine(),
): Promise<EngineEvent[]> {
  const run = engine.start(input, scene.options);
  await run.finish();
  return readClaude(run);
}

/** A kind of message that the mapper does not know comes with a new version of the program: look at it before taking it. */
export async function readClaude(run: EngineRun): Promise<EngineEvent[]> {
  const events = await readRun(run);
  const unknown = eventsOf(events, "notice").filter(({ text }) => text.includes("does not know"));
  if (unknown.length > 0) throw new Error(unknown.map(({ text }) => text).join("\n"));
  return events;
}

/** The text of every request that the model got, for what must or must not be in it. */
export function bodies(scene: Scene): string {
  return scene.model.requests.map(({ body }) => body ?? "").join("\n");
}
