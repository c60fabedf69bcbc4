import { AgencyError } from "@agency/contract";
import type { TaskEvent } from "@agency/contract";
import type { EventStore, Storage } from "@agency/core";
import { expiredError } from "../artifacts/expired.ts";

/** One event as it was sent: what was too large to keep inline is read back from storage. */
export async function readEvent(
  deps: { events: EventStore; storage: Storage },
  taskId: string,
  seq: number,
): Promise<TaskEvent> {
  const { events, expiredAt, lastSeq } = await deps.events.read(taskId, seq - 1, 1);
  const [event] = events;
  if (expiredAt !== undefined && seq <= lastSeq)
    throw expiredError(`Event ${seq} of task ${taskId}`, expiredAt);
  if (event?.seq !== seq) throw new AgencyError("not_found", `Task ${taskId} has no event ${seq}.`);
  if (event.blob === undefined) return event;
  const whole = await deps.storage.get(event.blob.key);
  if (whole === null) {
    throw new AgencyError(
      "not_found",
      `The whole of event ${seq} is no longer kept; its preview is in the log.`,
    );
  }
  return { ...event, data: JSON.parse(new TextDecoder().decode(whole)) };
}
