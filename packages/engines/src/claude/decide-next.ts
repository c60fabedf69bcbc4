import type { Standing } from "./map/mapping.ts";

export interface Situation {
  standing: Standing;
  /** Inputs for the next turn that the engine was not yet given. */
  waiting: number;
  /** Inputs it was given and no turn has ended: sent at the last moment of a turn, one begins a turn of its own. */
  untaken: number;
  isFinishing: boolean;
  /** Somebody is deciding about a call, or the run is paused: work beside the turn stands still by no fault of its own. */
  isHeld: boolean;
  turnLimit: number;
}

export type NextStep =
  /** Nothing to do until the engine or the caller says something. */
  | "wait"
  /** Give it the next input. */
  | "send"
  /** All is done, or a limit is reached: end the engine. */
  | "close"
  /** Background work goes on after the last turn: wait for it, but not for ever. */
  | "drain"
  /** Background work ended and the engine is about to tell the model: wait a moment for that turn. */
  | "settle";

/** What the driver does after anything changed. A result is not the end: background work may begin another turn. */
export function decideNext({
  standing,
  waiting,
  untaken,
  isFinishing,
  isHeld,
  turnLimit,
}: Situation): NextStep {
  if (standing.isTurnOpen) return "wait";
  const { lastStop } = standing;
  if (lastStop === "max_turns" || lastStop === "budget") return "close";
  if (waiting > 0) return standing.turns >= turnLimit ? "close" : "send";
  const isBusy = standing.isIdle === false || standing.background.length > 0 || untaken > 0;
  if (!isFinishing) return "wait";
  if (isBusy) return isHeld ? "wait" : "drain";
  return standing.owesTurn ? "settle" : "close";
}
