import type { Limits, LowerLimits } from "@agency/contract";
import type { RunState } from "../clocks/run-state.ts";
import { lowerLimits } from "../uplink/lower-limits.ts";
import type { LowerLimitsOptions } from "../uplink/lower-limits.ts";

/** The control plane decides, so that its clocks and the broker hold the same limits; in a few words what came of it. */
export async function applyLimits(
  options: LowerLimitsOptions & { state: RunState; poke: () => void },
  asked: LowerLimits,
  signal: AbortSignal,
): Promise<string> {
  const limits = await lowerLimits(options, asked, signal);
  if (limits === null) return "no limits, for the control plane did not take them";
  options.state.limits = limits;
  options.poke();
  return limitWords(asked, limits);
}

export function limitWords(asked: LowerLimits, limits: Limits): string {
  const words = [
    ...(asked.wallMs === undefined ? [] : [`${minutes(limits.wallMs)} min in all`]),
    ...(asked.silenceMs === undefined ? [] : [`${minutes(limits.silenceMs)} min of silence`]),
    ...(asked.turns === undefined ? [] : [`${limits.turns} turns`]),
    ...(asked.costUsd === undefined ? [] : [`$${limits.costUsd}`]),
  ];
  return `limits, which are ${words.join(", ")} now`;
}

function minutes(ms: number): number {
  return Math.round(ms / 600) / 100;
}
