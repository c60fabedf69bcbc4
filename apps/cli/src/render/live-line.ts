import { formatDuration, formatUsd } from "./numbers.ts";
import { joined } from "./row.ts";
import type { Look } from "./row.ts";
import { truncate } from "./text.ts";

const FRAMES = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];
export const FRAME_MS = 100;

interface Live {
  elapsedMs: number;
  costUsd: number;
  budgetUsd: number;
  activity: string | null;
}

/** One line that fits: a wrapped one could not be redrawn in place. */
export function liveLine({ style, width }: Look, { elapsedMs, costUsd, budgetUsd, activity }: Live): string {
  const frame = FRAMES[Math.floor(elapsedMs / FRAME_MS) % FRAMES.length] ?? "";
  const cost = `${formatUsd(costUsd)} of ${formatUsd(budgetUsd)}`;
  const text = joined(formatDuration(Math.floor(elapsedMs / 1000) * 1000), cost, activity ?? "Working");
  return `${style.cyan(frame)} ${truncate(text, Math.max(1, width - 3))}`;
}
