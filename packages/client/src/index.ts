export { createClient } from "./client.ts";
export type { Client, ClientOptions } from "./client.ts";
export type { TaskFilter } from "./task-filter.ts";
export type { FeedOptions, FeedState } from "./follow-feed.ts";
export type { FollowOptions, StreamState } from "./follow-events.ts";
export { piecesOf } from "./pieces-of.ts";
