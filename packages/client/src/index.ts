export { createClient } from "./client.ts";
export type { Client } from "./client.ts";
export { createPageClient } from "./page-client.ts";
export type { ClientOptions } from "./page-client.ts";
export type { PageCalls } from "./page-calls.ts";
export type { TaskFilter } from "./task-filter.ts";
export type { FeedOptions, FeedState } from "./follow-feed.ts";
export type { FollowOptions, StreamState } from "./follow-events.ts";
