import type { ErrorClass } from "@agency/contract";
import type { EngineEnd, EngineEvent } from "@agency/core";
import type { Exit } from "../shared/own-process.ts";
import { errorEvent } from "./map/classify-error.ts";
import type { Standing } from "./map/mapping.ts";

type Stop = Extract<EngineEvent, { type: "turn_end" }>["data"]["stop"];

/** Why a run did not even begin. */
export type StartProblem =
  | { kind: "error"; class: ErrorClass; message: string }
  | { kind: "limit"; limit: "turns" | "cost" };

export interface Finale {
  problem: StartProblem | undefined;
  isKilled: boolean;
  /** We ended it, because all was done or a limit was reached. */
  isClosed: boolean;
  isOverTurns: boolean;
  standing: Standing;
  exit: Exit;
  /** What the SDK threw, and the last words of the program on standard error. */
  failure: string;
  stderr: string;
}

export interface Ending {
  error?: EngineEvent;
  /** For the inputs that no turn has ended. */
  stop: Stop;
  end: EngineEnd["data"];
}

const SPOKEN_STDERR_CHARS = 2000;

export function decideEnding(finale: Finale): Ending {
  const { exitCode, signal } = finale.exit;
  const ended = (outcome: EngineEnd["data"], stop: Stop, error?: EngineEvent): Ending => ({
    stop,
    end: { ...outcome, exitCode, signal },
    ...(error === undefined ? {} : { error }),
  });
  const failed = (errorClass: ErrorClass, message?: string): Ending =>
    ended(
      { outcome: "failed", errorClass },
      "error",
      message === undefined ? undefined : errorEvent(errorClass, message),
    );
  if (finale.isKilled) return ended({ outcome: "killed" }, "interrupted");
  if (finale.problem?.kind === "error") return failed(finale.problem.class, finale.problem.message);
  const limit = finale.problem?.limit ?? limitOf(finale);
  if (limit !== undefined)
    return ended({ outcome: "limit", limit }, limit === "turns" ? "max_turns" : "budget");
  const { isTurnOpen, lastError, lastStop } = finale.standing;
  const isBroken = !finale.isClosed && (isTurnOpen || lastError === undefined);
  if (isBroken) return failed("engine_crash", crashMessage(finale));
  if (lastError !== undefined) return failed(lastError);
  return lastStop === "interrupted"
    ? ended({ outcome: "interrupted" }, "interrupted")
    : ended({ outcome: "completed" }, "completed");
}

function limitOf({ isClosed, isOverTurns, standing: { lastStop } }: Finale): "turns" | "cost" | undefined {
  if (!isClosed) return undefined;
  if (isOverTurns || lastStop === "max_turns") return "turns";
  return lastStop === "budget" ? "cost" : undefined;
}

function crashMessage({ exit, failure, stderr }: Finale): string {
  const how =
    exit.signal === null ? `exit code ${exit.exitCode ?? "unknown"}` : `it was ended by ${exit.signal}`;
  const words = stderr === "" ? failure : stderr;
  const said = words === "" ? "" : ` Its last words: ${words.slice(-SPOKEN_STDERR_CHARS)}`;
  return `Claude Code ended in the middle of the run (${how}).${said}`;
}
