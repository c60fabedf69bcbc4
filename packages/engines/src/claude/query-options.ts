import type { EngineStart } from "@agency/core";
import type { Options } from "@anthropic-ai/claude-agent-sdk";
import type { Decisions } from "../shared/decisions.ts";
import { answerer, QUESTION_TOOL } from "./answer-questions.ts";
import { claudeEnvironment } from "./environment.ts";
import type { ModelApi } from "./environment.ts";
import { gateHooks } from "./gate-calls.ts";

/** Tools that promise something for later, or elsewhere: a run ends with its work, and what it hands over is the workspace. */
const NOT_OFFERED = [
  "CronCreate",
  "CronDelete",
  "CronList",
  "ScheduleWakeup",
  "EnterWorktree",
  "ExitWorktree",
  // Leaving this mode takes a person's word, and nobody watches for it.
  "EnterPlanMode",
  "ExitPlanMode",
];

export interface Wiring {
  executable: string;
  modelApi: ModelApi;
  instructions: string;
  spawn: NonNullable<Options["spawnClaudeCodeProcess"]>;
  decisions: Decisions;
}

export function queryOptions(start: EngineStart, wiring: Wiring): Options {
  const append = [start.systemAppend, wiring.instructions]
    .filter((part) => part !== undefined && part !== "")
    .join("\n\n");
  return {
    cwd: start.cwd,
    env: claudeEnvironment(start, wiring.modelApi),
    pathToClaudeCodeExecutable: wiring.executable,
    spawnClaudeCodeProcess: wiring.spawn,
    ...(start.model === undefined ? {} : { model: start.model }),
    ...sessionOptions(start),
    ...limitOptions(start.limits),
    ...decisionOptions(start, wiring.decisions),
    permissionMode: "bypassPermissions",
    allowDangerouslySkipPermissions: true,
    disallowedTools: start.ask === undefined ? [...NOT_OFFERED, QUESTION_TOOL] : NOT_OFFERED,
    // Without the preset there is no agent prompt at all.
    systemPrompt: { type: "preset", preset: "claude_code", ...(append === "" ? {} : { append }) },
    // The settings of a repository hold hooks, which are programs, and MCP servers, which are too.
    settingSources: [],
    strictMcpConfig: true,
    mcpServersDelivery: "initialize",
    includePartialMessages: true,
    forwardSubagentText: true,
  };
}

function limitOptions({ turns, costUsd }: EngineStart["limits"]): Pick<Options, "maxTurns" | "maxBudgetUsd"> {
  return {
    ...(turns === null || !Number.isFinite(turns) ? {} : { maxTurns: turns }),
    ...(costUsd === null || !Number.isFinite(costUsd) ? {} : { maxBudgetUsd: costUsd }),
  };
}

function decisionOptions(
  { gate, ask, cwd }: EngineStart,
  decisions: Decisions,
): Pick<Options, "hooks" | "canUseTool"> {
  return {
    ...(gate === undefined ? {} : { hooks: gateHooks(gate, { cwd, decisions }) }),
    ...(ask === undefined ? {} : { canUseTool: answerer(ask, decisions) }),
  };
}

function sessionOptions({
  resume,
  sessionId,
}: EngineStart): Pick<Options, "resume" | "forkSession" | "sessionId"> {
  const preset = sessionId === undefined ? {} : { sessionId };
  if (resume === undefined) return preset;
  return resume.fork === true
    ? { resume: resume.sessionId, forkSession: true, ...preset }
    : { resume: resume.sessionId };
}
