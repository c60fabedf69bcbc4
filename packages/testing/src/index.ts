export { createEmptyDatabase, createTestDatabase } from "./test-database.ts";
export type { TestDatabase } from "./test-database.ts";
export { createMemoryStorage } from "./memory-storage.ts";
export { storageSuite } from "./suites/storage.suite.ts";
export type { StorageUnderTest } from "./suites/storage.suite.ts";
