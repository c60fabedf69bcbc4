export * from "./states.ts";
export * from "./json.ts";
export * from "./errors.ts";
export * from "./limits.ts";
export * from "./events.ts";
export * from "./tasks.ts";
export * from "./runner.ts";
export * from "./system.ts";
