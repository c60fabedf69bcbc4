import type { EventType, TaskEvent } from "@agency/contract";
import { isTerminal } from "@agency/core";
import type { Bus, EventStore } from "@agency/core";
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
  const tailOf = (taskId: string): Tail => {
    const known = tails.get(taskId);
    if (known) return known;
    const tail = createTail({
      events: deps.events,
      taskId,
      wakeup: wakeups.listen(taskId),
      onEnd: () => tails.delete(taskId),
    });
    tails.set(taskId, tail);
    return tail;
  };
  return { follow: (request) => follow(deps.events, tailOf(request.taskId), request) };
}

async function* follow(store: EventStore, tail: Tail, request: FollowRequest): AsyncGenerator<FollowItem> {
  const subscription = tail.subscribe();
  const close = () => subscription.close();
  request.signal.addEventListener("abort", close, { once: true });
  const cursor: Cursor = { last: request.after, types: request.types };
  try {
    // The tail must know where it stands before we read, else an event could fall between the two.
    await subscription.ready;
    for (;;) {
      if ((yield* catchUp(store, request.taskId, cursor)) === "end") return yield { kind: "end" };
      const stopped = yield* live(subscription, cursor);
      if (stopped === "end") return yield { kind: "end" };
      if (stopped === "closed") return;
    }
  } finally {
    request.signal.removeEventListener("abort", close);
    close();
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
    if (page.events.length < PAGE) return "caught_up";
  }
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
