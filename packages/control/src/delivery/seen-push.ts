import type { EventOf } from "@agency/contract";
import type { EventStore, SupervisedTask } from "@agency/core";

const PAGE = 500;

/**
 * What a branch holds after all pushes of this attempt, as the host reported it to the git broker; null when nothing was
 * pushed to it or the last word is missing. What the sandbox says of its pushes does not count.
 */
export async function seenPush(
  events: Pick<EventStore, "read">,
  { id, snapshot }: SupervisedTask,
  branch: string,
): Promise<string | null> {
  const ref = `refs/heads/${branch}`;
  let held: string | null = null;
  let after = 0;
  for (;;) {
    const page = await events.read(id, after, PAGE, ["git"]);
    for (const event of page.events) {
      if (event.type === "git" && event.epoch === snapshot.epoch) held = heldAfter(event.data, ref, held);
    }
    const last = page.events.at(-1);
    if (last === undefined || page.events.length < PAGE) return held;
    after = last.seq;
  }
}

function heldAfter(
  { action, verdict, updates }: EventOf<"git">["data"],
  ref: string,
  held: string | null,
): string | null {
  if (action !== "push" || verdict === "denied") return held;
  // It went to the host, and it is not known what of it was done: it may have been this ref.
  if (updates === undefined) return null;
  const update = updates.find((one) => one.ref === ref);
  if (update === undefined || update.ok === false) return held;
  return update.ok === true ? update.new : null;
}
