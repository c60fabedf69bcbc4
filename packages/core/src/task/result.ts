import type { EventBody, TaskState } from "@agency/contract";
import type { Effect, Step, StepResult, TaskSnapshot } from "./snapshot.ts";

/** The task is in `state` now, and says so with its reason. */
export function moved(
  task: TaskSnapshot,
  state: TaskState,
  effects: readonly Effect[],
  message?: string,
): StepResult {
  const data: Extract<EventBody, { type: "status" }>["data"] = { state };
  if (task.reason !== null) data.reason = task.reason;
  if (message !== undefined) data.message = message;
  return stepped({ next: { ...task, state }, events: [{ type: "status", data }], effects });
}

export function done(next: TaskSnapshot, effects: readonly Effect[] = []): StepResult {
  return stepped({ next, events: [], effects });
}

export function stepped(step: Step): StepResult {
  return { ok: true, step };
}

export function fenced(task: TaskSnapshot): StepResult {
  return { ok: false, error: { code: "fenced", epoch: task.epoch } };
}

export function notNow(task: TaskSnapshot): StepResult {
  return { ok: false, error: { code: "not_now", state: task.state } };
}
