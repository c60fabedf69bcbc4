import type { EventType, TaskEvent } from "@agency/contract";
import { isTerminal } from "@agency/core";
import type { Bus, EventPage, EventStore } from "@agency/core";
import { createPageSize, isLastPage, MOST_PAGE_BYTES } from "./page-size.ts";
import { createTail } from "./tail.ts";
import type { Subscription, Tail } from "./tail.ts";
import { createWakeups } from "./wakeups.ts";

export interface FollowRequest {
  taskId: string;
  after: number;
  signal: AbortSignal;
  types?: readonly EventType[];
}

export type FollowItem =
  | { kind: "events"; events: TaskEvent[] }
  /** The asked-for number is no longer kept: the reader must start over from `firstSeq`. */
  | { kind: "reset"; firstSeq: number }
  | { kind: "end" };

export interface EventFollower {
  follow(request: FollowRequest): AsyncGenerator<FollowItem>;
}

interface Cursor {
  last: number;
  readonly types: readonly EventType[] | undefined;
}

/**
 * Pull-based: a reader that does not read costs one bounded buffer, never more, and goes on from the
 * database when it comes back. All readers of one task share one tail and so one query per wake-up.
 */
export function createEventFollower(deps: { events: EventStore; bus: Bus }): EventFollower {
  const tails = new Map<string, Tail>();
  const wakeups = createWakeups(deps.bus, "ev");
  const subscribe = (taskId: string): Subscription => {
    const known = tails.get(taskId);
    if (known) return known.subscribe();
    const tail: Tail = createTail({
      events: deps.events,
      taskId,
      wakeup: wakeups.listen(taskId),
      onEnd: () => {
        if (tails.get(taskId) === tail) tails.delete(taskId);
      },
    });
    tails.set(taskId, tail);
    return tail.subscribe();
  };
  return { follow: (request) => follow(deps.events, subscribe, request) };
}

async function* follow(
  store: EventStore,
  subscribe: (taskId: string) => Subscription,
  request: FollowRequest,
): AsyncGenerator<FollowItem> {
  const { taskId, signal } = request;
  const cursor: Cursor = { last: request.after, types: request.types };
  // A reader that fell behind subscribes anew: the tail it had may have died of what held it up.
  while (!signal.aborted) {
    const subscription = subscribe(taskId);
    const close = () => subscription.close();
    signal.addEventListener("abort", close, { once: true });
    try {
      // The tail must know where it stands before we read, else an event could fall between the two.
      await subscription.ready;
      if ((yield* catchUp(store, taskId, cursor)) === "end") return yield { kind: "end" };
      // Written out here and not delegated to: a thousand readers go through this for every event.
      for (;;) {
        const batch = await subscription.next();
        if (batch === "closed") return;
        const fresh = freshOf(batch, cursor.last);
        if (fresh === null) break;
        const item = present(fresh, cursor);
        if (item !== null) yield item;
        // Also for a reader that claims to have seen more than there is.
        if (typeof batch !== "string" && batch.some(endsLog)) return yield { kind: "end" };
      }
    } finally {
      signal.removeEventListener("abort", close);
      close();
    }
  }
}

async function* catchUp(
  store: EventStore,
  taskId: string,
  cursor: Cursor,
): AsyncGenerator<FollowItem, "end" | "caught_up"> {
  const size = createPageSize();
  for (;;) {
    const page = await store.read(taskId, cursor.last, size.events, undefined, {
      mostBytes: MOST_PAGE_BYTES,
    });
    size.saw(page.events);
    const first = page.events[0]?.seq ?? page.firstSeq;
    if (page.lastSeq > cursor.last && first > cursor.last + 1) {
      yield { kind: "reset", firstSeq: first };
      cursor.last = first - 1;
    }
    const item = present(page.events, cursor);
    if (item !== null) yield item;
    if (page.events.some(endsLog)) return "end";
    if (page.events.length === 0 && (await isOver(store, taskId, page))) return "end";
    if (isLastPage(page)) return "caught_up";
  }
}

/** A reader that has seen the last event already must not wait for another. */
async function isOver(store: EventStore, taskId: string, page: EventPage): Promise<boolean> {
  if (page.lastSeq === 0) return false;
  // Only the log of a task that has ended is ever emptied.
  if (page.firstSeq > page.lastSeq) return true;
  return (await store.read(taskId, page.lastSeq - 1, 1)).events.some(endsLog);
}

/** What the reader has not seen, or null when something is missing and it must go back to the database. */
function freshOf(batch: TaskEvent[] | "behind", last: number): TaskEvent[] | null {
  if (batch === "behind") return null;
  const fresh = batch[0] !== undefined && batch[0].seq > last ? batch : batch.filter(({ seq }) => seq > last);
  return fresh[0] !== undefined && fresh[0].seq > last + 1 ? null : fresh;
}

/** Moves the cursor; null when none of the events is of a type asked for. */
function present(events: TaskEvent[], cursor: Cursor): FollowItem | null {
  const { types } = cursor;
  cursor.last = events.at(-1)?.seq ?? cursor.last;
  const wanted = types === undefined ? events : events.filter((event) => types.includes(event.type));
  return wanted.length > 0 ? { kind: "events", events: wanted } : null;
}

function endsLog(event: TaskEvent): boolean {
  return event.type === "status" && isTerminal(event.data.state);
}
