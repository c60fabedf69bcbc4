import {
  engineListSchema,
  eventPageSchema,
  providerListSchema,
  statusSchema,
  taskPageSchema,
  taskSchema,
} from "@agency/contract";
import type {
  EngineInfo,
  EventPage,
  EventType,
  ProviderInfo,
  Status,
  Task,
  TaskEvent,
} from "@agency/contract";
import { accountCalls } from "./account-calls.ts";
import type { AccountCalls } from "./account-calls.ts";
import { finish, taskPath } from "./calls.ts";
import type { Call } from "./calls.ts";
import { call, send } from "./connection.ts";
import { parseEvent } from "./event-cursor.ts";
import { followEvents } from "./follow-events.ts";
import type { FollowOptions } from "./follow-events.ts";
import { overviewCalls } from "./overview-calls.ts";
import type { OverviewCalls } from "./overview-calls.ts";
import { pageCalls } from "./page-calls.ts";
import type { PageCalls } from "./page-calls.ts";
import { connectionOf } from "./page-client.ts";
import type { ClientOptions } from "./page-client.ts";
import { signInCalls } from "./sign-in-calls.ts";
import type { SignInCalls } from "./sign-in-calls.ts";
import { filterQuery } from "./task-filter.ts";
import type { TaskFilter } from "./task-filter.ts";
import { sandboxCalls } from "./sandbox-calls.ts";
import type { SandboxCalls } from "./sandbox-calls.ts";
import { waitingCalls } from "./waiting-calls.ts";
import type { WaitingCalls } from "./waiting-calls.ts";
import { workCalls } from "./work-calls.ts";
import type { WorkCalls } from "./work-calls.ts";

/** Every method throws AgencyError; an unreachable server is code `unavailable`. */
export interface Client
  extends PageCalls, WaitingCalls, AccountCalls, SandboxCalls, WorkCalls, SignInCalls, OverviewCalls {
  listTasks(filter?: TaskFilter, options?: Call): Promise<{ tasks: Task[]; nextCursor: string | null }>;
  getTask(id: string, options?: Call): Promise<Task>;
  /** discard: at once, and what is not stored yet is not wanted. */
  cancelTask(id: string, options?: Call & { discard?: boolean }): Promise<Task>;
  deleteTask(id: string, options?: Call): Promise<void>;
  sendMessage(
    id: string,
    message: { text: string; mode?: "steer" | "next_turn" },
    options?: Call,
  ): Promise<void>;
  listEvents(
    id: string,
    page?: { after?: number; limit?: number; types?: EventType[] },
    options?: Call,
  ): Promise<EventPage>;
  events(id: string, options?: FollowOptions): AsyncIterable<TaskEvent>;
  engines(options?: Call): Promise<EngineInfo[]>;
  providers(options?: Call): Promise<ProviderInfo[]>;
  status(options?: Call): Promise<Status>;
  /** Resolves when the server can take work, else throws. Needs no key. */
  ready(options?: Call): Promise<void>;
}

export function createClient(options: ClientOptions): Client {
  const { connection, clock } = connectionOf(options);
  return {
    ...pageCalls(connection, clock),
    ...waitingCalls(connection),
    ...accountCalls(connection),
    ...sandboxCalls(connection),
    ...workCalls(connection),
    ...signInCalls(connection),
    ...overviewCalls(connection),
    listTasks: (filter = {}, { signal } = {}) =>
      call(connection, { path: "/v1/tasks", query: filterQuery(filter), signal }, taskPageSchema),
    getTask: (id, { signal } = {}) => call(connection, { path: taskPath(id), signal }, taskSchema),
    cancelTask: (id, { signal, discard = false } = {}) => {
      const query = discard ? { discard: "true" } : {};
      return call(connection, { method: "POST", path: `${taskPath(id)}/cancel`, query, signal }, taskSchema);
    },
    deleteTask: async (id, { signal } = {}) =>
      finish(await send(connection, { method: "DELETE", path: taskPath(id), signal })),
    sendMessage: async (id, body, { signal } = {}) =>
      finish(await send(connection, { method: "POST", path: `${taskPath(id)}/messages`, body, signal })),
    listEvents: (id, { after, limit, types } = {}, { signal } = {}) => {
      const query = { after, limit, types: types?.join(",") };
      return call(connection, { path: `${taskPath(id)}/events`, query, signal }, knownEventPage);
    },
    events: (id, follow = {}) => followEvents(connection, clock, id, follow),
    engines: async ({ signal } = {}) =>
      (await call(connection, { path: "/v1/engines", signal }, engineListSchema)).engines,
    providers: async ({ signal } = {}) =>
      (await call(connection, { path: "/v1/providers", signal }, providerListSchema)).providers,
    status: ({ signal } = {}) => call(connection, { path: "/v1/status", signal }, statusSchema),
    ready: async ({ signal } = {}) => finish(await send(connection, { path: "/readyz", signal })),
  };
}

/** A page without the events whose type is newer than this client. */
const knownEventPage = {
  safeParse: (value: unknown) => {
    const whole = eventPageSchema.safeParse(value);
    if (whole.success || typeof value !== "object" || value === null || !("events" in value)) return whole;
    const events: unknown[] = Array.isArray(value.events) ? value.events : [];
    return eventPageSchema.safeParse({
      ...value,
      events: events.filter((event) => parseEvent(event) !== null),
    });
  },
};
