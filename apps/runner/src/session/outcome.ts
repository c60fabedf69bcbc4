import type { CheckResult, EventOf, Outcome } from "@agency/contract";
import type { EngineEnd } from "@agency/core";
import type { StopReason } from "../clocks/run-state.ts";

const SUMMARY_BYTES = 4096;

export type TurnStop = EventOf<"turn_end">["data"]["stop"];

/** What is known of a run when its engine has ended. */
export interface RunReport {
  readonly stopped: StopReason | null;
  /** Null: the engine was left behind, or never started. */
  readonly end: EngineEnd["data"] | null;
  readonly turnStop: TurnStop | null;
  readonly lastText: string;
  readonly lastError: string;
  /** Declared before the work: their result decides, not the model's word. */
  readonly checks: readonly CheckResult[];
}

type Verdict = Pick<Outcome, "state" | "reason">;

export function decideOutcome(report: RunReport): Verdict & Pick<Outcome, "summary"> {
  const verdict = judge(report);
  const failed = verdict.state === "failed" && report.lastError !== "";
  const text = failed && report.turnStop !== "completed" ? report.lastError : report.lastText;
  return { ...verdict, summary: shorten(text) };
}

function judge({ stopped, end, turnStop, checks }: RunReport): Verdict {
  // Cancel is a latch: also an agent that was done at the same instant counts as cancelled.
  if (stopped === "cancelled") return { state: "cancelled", reason: "cancelled_by_user" };
  const done = turnStop === "completed" || (turnStop === null && end?.outcome === "completed");
  if (done && (end?.outcome === "completed" || stopped === "drained"))
    return checks.every(({ passed }) => passed)
      ? { state: "completed", reason: null }
      : { state: "failed", reason: "checks_failed" };
  return { state: "failed", reason: reasonOfStop(stopped) ?? reasonOfEnd(end, turnStop) };
}

function reasonOfStop(stopped: StopReason | null): Outcome["reason"] {
  switch (stopped) {
    case "timeout":
    case "silence":
      return stopped;
    case "turns":
      return "turns_exceeded";
    case "budget":
      return "budget_exceeded";
    case "output":
      return "output_exceeded";
    default:
      return null;
  }
}

function reasonOfEnd(end: EngineEnd["data"] | null, turnStop: TurnStop | null): Outcome["reason"] {
  if (end?.limit === "turns" || turnStop === "max_turns") return "turns_exceeded";
  if (end?.limit === "cost" || turnStop === "budget" || end?.errorClass === "limit") return "budget_exceeded";
  return "engine_error";
}

function shorten(text: string): string {
  const trimmed = text.trim();
  if (Buffer.byteLength(trimmed) <= SUMMARY_BYTES) return trimmed;
  const bytes = Buffer.from(trimmed).subarray(0, SUMMARY_BYTES - 3);
  return `${bytes.toString().replace(/\uFFFD+$/, "")}…`;
}
