import type { EventType, TaskEvent } from "@agency/contract";
import { isTerminal } from "@agency/core";
import type { Bus, EventPage, EventStore } from "@agency/core";
import { createTail } from "./tail.ts";
import type { Subscription, Tail } from "./tail.ts";
import { createWakeups } from "./wakeups.ts";

const PAGE = 500;

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
      const stopped = yield* live(subscription, cursor);
      if (stopped === "end") return yield { kind: "end" };
      if (stopped === "closed") return;
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
  for (;;) {
    const page = await store.read(taskId, cursor.last, PAGE);
    const first = page.events[0]?.seq ?? page.firstSeq;
    if (page.lastSeq > cursor.last && first > cursor.last + 1) {
      yield { kind: "reset", firstSeq: first };
      cursor.last = first - 1;
    }
    yield* present(page.events, cursor);
    if (page.events.some(endsLog)) return "end";
    if (page.events.length === 0 && (await isOver(store, taskId, page))) return "end";
    if (page.events.length < PAGE) return "caught_up";
  }
}

/** A reader that has seen the last event already must not wait for another. */
async function isOver(store: EventStore, taskId: string, page: EventPage): Promise<boolean> {
  if (page.lastSeq === 0) return false;
  // Only the log of a task that has ended is ever emptied.
  if (page.firstSeq > page.lastSeq) return true;
  return (await store.read(taskId, page.lastSeq - 1, 1)).events.some(endsLog);
}

async function* live(
  subscription: Subscription,
  cursor: Cursor,
): AsyncGenerator<FollowItem, "end" | "closed" | "behind"> {
  for (;;) {
    const batch = await subscription.next();
    if (batch === "closed" || batch === "behind") return batch;
    const fresh = batch.filter((event) => event.seq > cursor.last);
    if (fresh[0] === undefined) continue;
    if (fresh[0].seq > cursor.last + 1) return "behind";
    yield* present(fresh, cursor);
    if (fresh.some(endsLog)) return "end";
  }
}

function* present(events: TaskEvent[], cursor: Cursor): Generator<FollowItem> {
  const { types } = cursor;
  cursor.last = events.at(-1)?.seq ?? cursor.last;
  const wanted = types === undefined ? events : events.filter((event) => types.includes(event.type));
  if (wanted.length > 0) yield { kind: "events", events: wanted };
}

function endsLog(event: TaskEvent): boolean {
  return event.type === "status" && isTerminal(event.data.state);
}
