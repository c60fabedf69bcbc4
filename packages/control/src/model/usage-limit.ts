import type { EventBody } from "@agency/contract";
import type { EventStore, ModelCaller, ModelGate, TaskStore, UsageLimit } from "@agency/core";
import { timeOf } from "./time-of.ts";

export interface UsageLimitDeps {
  tasks: Pick<TaskStore, "apply">;
  events: Pick<EventStore, "append">;
  now: () => number;
}

/** No credential is left: the task waits for the first reset, or ends, as it was asked to. */
export async function usedUp(deps: UsageLimitDeps, caller: ModelCaller, limit: UsageLimit): Promise<void> {
  const { taskId, epoch } = caller;
  const { credentials, until } = limit;
  const message = `${credentials.join(", ")} ${credentials.length === 1 ? "is" : "are"} used up until ${timeOf(until)}.`;
  // That the attempt was fenced or has ended meanwhile is fine: then nobody needs to wait.
  await deps.tasks.apply(
    taskId,
    caller.onUsageLimit === "stop"
      ? { kind: "end", epoch, cause: "usage_limit", message }
      : { kind: "wait", epoch, reason: "usage_limit", until, message },
    deps.now(),
  );
}

export async function changedCredential(
  deps: UsageLimitDeps,
  { taskId, epoch }: ModelCaller,
  { vendor, credentials, until }: Parameters<ModelGate["changedCredential"]>[1],
  next: string,
): Promise<void> {
  const event: Extract<EventBody, { type: "credential" }> = {
    type: "credential",
    data: {
      vendor,
      credential: credentials.join(", "),
      limitedUntil: until === null ? null : new Date(until).toISOString(),
      next,
    },
  };
  const at = new Date(deps.now()).toISOString();
  await deps.events.append({ taskId, epoch, from: null, events: [{ ...event, at }] });
}
