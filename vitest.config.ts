import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["packages/*/src/**/*.test.ts", "apps/*/src/**/*.test.ts", "e2e/**/*.test.ts"],
    globalSetup: ["packages/testing/src/global-setup.ts"],
    reporters: ["default"],
    pool: "forks",
    maxWorkers: 2,
    testTimeout: 30_000,
    // Real processes on a shared machine: CI asks once more before it believes a failure, a developer does not.
    retry: process.env["CI"] === undefined ? 0 : 1,
    hookTimeout: 60_000,
  },
});
