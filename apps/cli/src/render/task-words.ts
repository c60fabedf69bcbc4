import { TERMINAL_STATES } from "@agency/contract";
import type { Task, TaskState } from "@agency/contract";
import type { Style } from "./style.ts";

export const isOver = (state: TaskState): boolean => TERMINAL_STATES.some((terminal) => terminal === state);

export function paintState(style: Style, state: TaskState): (text: string) => string {
  if (state === "completed") return style.green;
  if (state === "failed") return style.red;
  if (state === "cancelled" || state === "waiting") return style.yellow;
  return style.cyan;
}

/** From the first sign of work to the end, or to now. Null before work began. */
export function runTimeMs({ startedAt, finishedAt }: Task, nowMs: number): number | null {
  if (startedAt === null) return null;
  return (finishedAt === null ? nowMs : Date.parse(finishedAt)) - Date.parse(startedAt);
}

const SHORTEST_ID = 8;

/**
 * The shortest beginning that tells an id from the others. Ids begin with their time, so tasks made
 * together share more than the eight characters that are enough elsewhere.
 */
export function shortIds(ids: readonly string[]): Map<string, string> {
  const sorted = ids.toSorted();
  return new Map(
    sorted.map((id, index) => {
      const shared = Math.max(sharedLength(id, sorted[index - 1]), sharedLength(id, sorted[index + 1]));
      return [id, id.slice(0, Math.max(SHORTEST_ID, shared + 1)).replace(/-$/, "")];
    }),
  );
}

function sharedLength(a: string, b: string | undefined): number {
  if (b === undefined) return 0;
  let length = 0;
  while (length < a.length && a[length] === b[length]) length += 1;
  return length;
}
