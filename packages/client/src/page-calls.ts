import { accountBudgetSchema, meSchema, taskSchema } from "@agency/contract";
import type { AccountBudget, CreateTaskInput, FeedUpdate, Me, Task } from "@agency/contract";
import type { Call } from "./calls.ts";
import { call } from "./connection.ts";
import type { Connection } from "./connection.ts";
import type { FollowClock } from "./follow-events.ts";
import { followFeed } from "./follow-feed.ts";
import type { FeedOptions } from "./follow-feed.ts";

/** What a page needs before it stands. Apart from the rest, whose schemas are three times as large. */
export interface PageCalls {
  readonly baseUrl: string;
  me(options?: Call): Promise<Me>;
  /** Every task of the account as it changes; never ends by itself. */
  feed(options?: FeedOptions): AsyncIterable<FeedUpdate>;
  /** The same key never makes a second task; without one each call is a task of its own. */
  createTask(task: CreateTaskInput, options?: Call & { idempotencyKey?: string }): Promise<Task>;
  budget(options?: Call): Promise<AccountBudget>;
}

export function pageCalls(connection: Connection, clock: FollowClock): PageCalls {
  return {
    baseUrl: connection.baseUrl,
    me: ({ signal } = {}) => call(connection, { path: "/v1/me", signal }, meSchema),
    feed: (follow = {}) => followFeed(connection, clock, follow),
    createTask: (body, { idempotencyKey = crypto.randomUUID(), signal } = {}) => {
      const headers = { "idempotency-key": idempotencyKey };
      return call(connection, { method: "POST", path: "/v1/tasks", headers, body, signal }, taskSchema);
    },
    budget: ({ signal } = {}) => call(connection, { path: "/v1/budget", signal }, accountBudgetSchema),
  };
}
