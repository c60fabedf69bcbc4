import type { EngineEvent } from "@agency/core";
import { readTestSummary } from "../test-summary/test-summary.ts";

export interface FinishedCommand {
  command: string;
  /** Null when the engine did not say. */
  exitCode: number | null;
  output: string;
  durationMs?: number | undefined;
  toolId?: string | undefined;
}

/** A shell command that ran, and the tests that its output tells of. */
export function commandEvents({
  command,
  exitCode,
  output,
  durationMs,
  toolId,
}: FinishedCommand): EngineEvent[] {
  const common = toolId === undefined ? {} : { toolId };
  const lasted = durationMs === undefined ? {} : { durationMs };
  const ran: EngineEvent = { type: "command", data: { command, exitCode, ...lasted, ...common } };
  const tests = readTestSummary(output, command);
  if (tests === undefined) return [ran];
  return [ran, { type: "test_run", data: { command, ...lasted, ...tests, ...common } }];
}
