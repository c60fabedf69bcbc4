export * from "./ports/engine.ts";
export * from "./ports/provider.ts";
export * from "./ports/storage.ts";
export * from "./ports/clock.ts";
export * from "./ports/logger.ts";
