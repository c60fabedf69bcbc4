import {
  estimateQuerySchema,
  estimateSchema,
  filterTasksSchema,
  queueSchema,
  recentRepositoryListSchema,
  spendQuerySchema,
  spendSchema,
  stoppedTasksSchema,
  stopTasksSchema,
  storageUseSchema,
  taskCountsSchema,
} from "@agency/contract";
import type { ApiDeps } from "../deps.ts";
import { route } from "../route.ts";
import type { Route } from "../route.ts";
import { csvOf } from "../tasks-csv.ts";

const counts = {
  policy: "key",
  method: "get",
  path: "/v1/task-counts",
  operationId: "countTasks",
  tag: "Tasks",
  summary: "Count tasks by state",
  description:
    "`state` is left aside: every state is counted. Without a filter from sums, else up to 10,000.",
  query: filterTasksSchema,
  responses: { 200: { description: "The counts.", schema: taskCountsSchema } },
} as const;

const stop = {
  policy: "key",
  method: "post",
  path: "/v1/tasks/stop",
  operationId: "stopTasks",
  tag: "Tasks",
  summary: "Stop many tasks",
  body: stopTasksSchema,
  responses: { 202: { description: "What became of each.", schema: stoppedTasksSchema } },
} as const;

const csv = {
  policy: "key",
  method: "get",
  path: "/v1/tasks.csv",
  operationId: "exportTasks",
  tag: "Tasks",
  summary: "Download the list of tasks",
  description:
    "At most 100,000 rows. A text that a spreadsheet would take for a formula begins with an apostrophe.",
  query: filterTasksSchema,
  responses: { 200: { description: "The list.", content: { "text/csv": "One row a task." } } },
} as const;

const queue = {
  policy: "key",
  method: "get",
  path: "/v1/queue",
  operationId: "getQueue",
  tag: "Instance",
  summary: "Who waits to start, and why",
  responses: { 200: { description: "The queue.", schema: queueSchema } },
} as const;

const spend = {
  policy: "key",
  method: "get",
  path: "/v1/spend",
  operationId: "getSpend",
  tag: "Money",
  summary: "Spending by day, model and provider",
  description: "The last 30 days unless told otherwise; at most 366.",
  query: spendQuerySchema,
  responses: { 200: { description: "The sums.", schema: spendSchema } },
} as const;

const estimate = {
  policy: "key",
  method: "get",
  path: "/v1/estimate",
  operationId: "getEstimate",
  tag: "Money",
  summary: "What a run is likely to cost",
  description:
    "From past runs that completed: of the repository if there are some, else of the model, engine, any.",
  query: estimateQuerySchema,
  responses: { 200: { description: "Median and ninth decile.", schema: estimateSchema } },
} as const;

const repositories = {
  policy: "key",
  method: "get",
  path: "/v1/repositories",
  operationId: "listRepositories",
  tag: "Tasks",
  summary: "List repositories used lately",
  responses: { 200: { description: "The last one first, at most 20.", schema: recentRepositoryListSchema } },
} as const;

const storage = {
  policy: "key",
  method: "get",
  path: "/v1/storage",
  operationId: "getStorageUse",
  tag: "Instance",
  summary: "What is stored, and how much of it",
  responses: { 200: { description: "The sums.", schema: storageUseSchema } },
} as const;

export function overviewRoutes({ useCases }: Pick<ApiDeps, "useCases">): Route[] {
  return [
    route(counts, async ({ query, caller }) => {
      return { status: 200, body: await useCases.countTasks(caller.accountId, query) };
    }),
    route(stop, async ({ body, caller }) => {
      return { status: 202, body: await useCases.stopTasks(caller.accountId, body) };
    }),
    route(csv, ({ query, caller }, c) => {
      const headers = {
        "content-type": "text/csv; charset=utf-8; header=present",
        "content-disposition": 'attachment; filename="tasks.csv"',
      };
      if (c.req.method === "HEAD") return c.body(null, 200, headers);
      const list = csvOf((page) => useCases.listTasks(caller.accountId, { ...query, ...page }));
      return c.body(ReadableStream.from(list).pipeThrough(new TextEncoderStream()), 200, headers);
    }),
    route(queue, async ({ caller }) => ({ status: 200, body: await useCases.queue(caller.accountId) })),
    route(spend, async ({ query, caller }) => {
      return { status: 200, body: await useCases.spend(caller.accountId, query) };
    }),
    route(estimate, async ({ query, caller }) => {
      return { status: 200, body: await useCases.estimate(caller.accountId, query) };
    }),
    route(repositories, async ({ caller }) => {
      return { status: 200, body: { repositories: await useCases.recentRepositories(caller.accountId) } };
    }),
    route(storage, async ({ caller }) => {
      return { status: 200, body: await useCases.storageUse(caller.accountId) };
    }),
  ];
}
