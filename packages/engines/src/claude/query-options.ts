import type { EngineStart } from "@agency/core";
import type { Options } from "@anthropic-ai/claude-agent-sdk";
import { claudeEnvironment } from "./environment.ts";

/** Tools that promise something for later, or elsewhere: a run ends with its work, and what it hands over is the workspace. */
const NOT_OFFERED = [
  "CronCreate",
  "CronDelete",
  "CronList",
  "ScheduleWakeup",
  "EnterWorktree",
  "ExitWorktree",
];

export interface Wiring {
  executable: string;
  modelApi: NonNullable<EngineStart["modelApi"]>;
  instructions: string;
  spawn: NonNullable<Options["spawnClaudeCodeProcess"]>;
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
    maxTurns: start.limits.turns,
    ...(Number.isFinite(start.limits.costUsd) ? { maxBudgetUsd: start.limits.costUsd } : {}),
    permissionMode: "bypassPermissions",
    allowDangerouslySkipPermissions: true,
    disallowedTools: NOT_OFFERED,
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
