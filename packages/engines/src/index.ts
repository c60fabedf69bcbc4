export { createClaudeEngine } from "./claude/claude-engine.ts";
export type { ClaudeEngineOptions } from "./claude/claude-engine.ts";
export { createCommandEngine } from "./command/command-engine.ts";
