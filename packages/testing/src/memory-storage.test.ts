import { createMemoryStorage } from "./memory-storage.ts";
import { storageSuite } from "./suites/storage.suite.ts";

storageSuite("memory storage", async () => ({ storage: createMemoryStorage(), close: async () => {} }));
