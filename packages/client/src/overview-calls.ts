import {
  estimateSchema,
  queueSchema,
  recentRepositoryListSchema,
  spendSchema,
  stoppedTasksSchema,
  storageUseSchema,
  taskCountsSchema,
  templateListSchema,
  templateSchema,
} from "@agency/contract";
import type {
  Estimate,
  EstimateQuery,
  QueueInfo,
  RecentRepository,
  SaveTemplateInput,
  Spend,
  SpendQuery,
  StoppedTasks,
  StorageUse,
  TaskCounts,
  Template,
} from "@agency/contract";
import { finish } from "./calls.ts";
import type { Call } from "./calls.ts";
import { call, send } from "./connection.ts";
import type { Connection } from "./connection.ts";
import { filterQuery } from "./task-filter.ts";
import type { TaskFilter } from "./task-filter.ts";

/** Everything about many tasks at once. */
export interface OverviewCalls {
  countTasks(filter?: Omit<TaskFilter, "cursor" | "limit" | "sort">, options?: Call): Promise<TaskCounts>;
  stopTasks(ids: readonly string[], options?: Call): Promise<StoppedTasks>;
  /** Where a browser downloads the list from. */
  tasksCsvPath(filter?: Omit<TaskFilter, "cursor" | "limit">): string;
  queue(options?: Call): Promise<QueueInfo>;
  spend(query?: SpendQuery, options?: Call): Promise<Spend>;
  estimate(query?: EstimateQuery, options?: Call): Promise<Estimate>;
  recentRepositories(options?: Call): Promise<RecentRepository[]>;
  storageUse(options?: Call): Promise<StorageUse>;
  templates(options?: Call): Promise<Template[]>;
  createTemplate(template: SaveTemplateInput, options?: Call): Promise<Template>;
  replaceTemplate(id: string, template: SaveTemplateInput, options?: Call): Promise<Template>;
  removeTemplate(id: string, options?: Call): Promise<void>;
}

export function overviewCalls(connection: Connection): OverviewCalls {
  return {
    countTasks: (filter = {}, { signal } = {}) =>
      call(connection, { path: "/v1/task-counts", query: filterQuery(filter), signal }, taskCountsSchema),
    stopTasks: (ids, { signal } = {}) =>
      call(connection, { method: "POST", path: "/v1/tasks/stop", body: { ids }, signal }, stoppedTasksSchema),
    tasksCsvPath: (filter = {}) => {
      const search = new URLSearchParams();
      for (const [name, value] of Object.entries(filterQuery(filter)))
        if (value !== undefined) search.set(name, String(value));
      return search.size === 0 ? "/v1/tasks.csv" : `/v1/tasks.csv?${search.toString()}`;
    },
    queue: ({ signal } = {}) => call(connection, { path: "/v1/queue", signal }, queueSchema),
    spend: (query = {}, { signal } = {}) =>
      call(connection, { path: "/v1/spend", query, signal }, spendSchema),
    estimate: (query = {}, { signal } = {}) =>
      call(connection, { path: "/v1/estimate", query, signal }, estimateSchema),
    recentRepositories: async ({ signal } = {}) =>
      (await call(connection, { path: "/v1/repositories", signal }, recentRepositoryListSchema)).repositories,
    storageUse: ({ signal } = {}) => call(connection, { path: "/v1/storage", signal }, storageUseSchema),
    ...templateCalls(connection),
  };
}

function templateCalls(
  connection: Connection,
): Pick<OverviewCalls, "templates" | "createTemplate" | "replaceTemplate" | "removeTemplate"> {
  const one = (id: string) => `/v1/templates/${encodeURIComponent(id)}`;
  return {
    templates: async ({ signal } = {}) =>
      (await call(connection, { path: "/v1/templates", signal }, templateListSchema)).templates,
    createTemplate: (body, { signal } = {}) =>
      call(connection, { method: "POST", path: "/v1/templates", body, signal }, templateSchema),
    replaceTemplate: (id, body, { signal } = {}) =>
      call(connection, { method: "PUT", path: one(id), body, signal }, templateSchema),
    removeTemplate: async (id, { signal } = {}) =>
      finish(await send(connection, { method: "DELETE", path: one(id), signal })),
  };
}
