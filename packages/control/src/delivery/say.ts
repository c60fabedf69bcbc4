import type { EventBody, EventOf } from "@agency/contract";
import type { Clock, EventStore, SupervisedTask } from "@agency/core";

export interface SayDeps {
  events: Pick<EventStore, "append" | "read">;
  clock: Clock;
}

type Place = Pick<EventOf<"delivery">["data"], "location" | "commits"> & {
  kind: "branch" | "pull_request" | "review";
};

const OURS = { by: "control_plane" } as const;

/** After a crash it may be in the log already. That a runner said the same is nothing to go by. */
export async function sayOnce(deps: SayDeps, task: SupervisedTask, data: Place): Promise<void> {
  const { events } = await deps.events.read(task.id, 0, 1_000, ["delivery"], OURS);
  const isThis = (event: EventBody) =>
    event.type === "delivery" && event.data.kind === data.kind && event.data.location === data.location;
  if (!events.some(isThis)) await say(deps, task, { type: "delivery", data });
}

export async function say({ events, clock }: SayDeps, task: SupervisedTask, body: EventBody): Promise<void> {
  const at = new Date(clock.now()).toISOString();
  await events.append({
    taskId: task.id,
    epoch: task.snapshot.epoch,
    from: null,
    events: [{ ...body, at }],
  });
}

/** What stands against a delivery, for people. */
export async function warnOnce(deps: SayDeps, task: SupervisedTask, text: string): Promise<void> {
  const { events } = await deps.events.read(task.id, 0, 1_000, ["notice"], OURS);
  const isThis = (event: EventBody) => event.type === "notice" && event.data.text === text;
  if (!events.some(isThis)) await say(deps, task, { type: "notice", data: { level: "warn", text } });
}
