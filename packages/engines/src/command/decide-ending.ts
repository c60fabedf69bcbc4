import type { EngineEnd, EngineEvent } from "@agency/core";
import type { Exit } from "../shared/own-process.ts";

type Stop = Extract<EngineEvent, { type: "turn_end" }>["data"]["stop"];
type ErrorEvent = Extract<EngineEvent, { type: "error" }>;

export interface Finale {
  /** Why the program could not be started. */
  problem: string | undefined;
  isKilled: boolean;
  isInterrupted: boolean;
  exit: Exit;
}

export interface Ending {
  error?: ErrorEvent;
  stop: Stop;
  end: EngineEnd["data"];
}

export function decideEnding({ problem, isKilled, isInterrupted, exit }: Finale): Ending {
  const { exitCode, signal } = exit;
  if (isKilled) return { stop: "interrupted", end: { outcome: "killed", exitCode, signal } };
  if (problem !== undefined)
    return {
      error: failure("config", problem),
      stop: "error",
      end: { outcome: "failed", errorClass: "config", exitCode, signal },
    };
  if (isInterrupted) return { stop: "interrupted", end: { outcome: "interrupted", exitCode, signal } };
  if (exitCode === 0) return { stop: "completed", end: { outcome: "completed", exitCode, signal } };
  return {
    error: failure(
      "engine_crash",
      `The command ended with ${signal ?? `exit code ${exitCode ?? "unknown"}`}.`,
    ),
    stop: "error",
    end: { outcome: "failed", errorClass: "engine_crash", exitCode, signal },
  };
}

function failure(errorClass: "config" | "engine_crash", message: string): ErrorEvent {
  return { type: "error", data: { class: errorClass, severity: "error", message, retryable: false } };
}
