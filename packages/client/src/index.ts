export { createClient } from "./client.ts";
export type { Client, ClientOptions, TaskFilter } from "./client.ts";
export type { FollowOptions, StreamState } from "./follow-events.ts";
