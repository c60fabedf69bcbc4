import { describe, expect, it } from "vitest";
import { readTestSummary } from "./test-summary.ts";

const cases: { name: string; command?: string; output: string; summary: unknown }[] = [
  {
    name: "node --test, TAP",
    output:
      "TAP version 13\nok 1 - adds\nnot ok 2 - subtracts\n1..2\n# tests 2\n# suites 0\n# pass 1\n# fail 1\n# cancelled 0\n# skipped 0\n# todo 0\n# duration_ms 51.6\n",
    summary: { passed: 1, failed: 1, skipped: 0, durationMs: 52 },
  },
  {
    name: "node --test, spec, with colours",
    output:
      "✔ adds (0.5ms)\n\u001B[34mℹ tests 3\u001B[39m\n\u001B[34mℹ pass 2\u001B[39m\n\u001B[34mℹ fail 0\u001B[39m\n\u001B[34mℹ cancelled 0\u001B[39m\n\u001B[34mℹ skipped 1\u001B[39m\n\u001B[34mℹ todo 0\u001B[39m\n\u001B[34mℹ duration_ms 40\u001B[39m\n",
    summary: { passed: 2, failed: 0, skipped: 1, durationMs: 40 },
  },
  {
    name: "TAP without totals",
    output: "1..3\nok 1 - a\nnot ok 2 - b\n  ok 1 - inner\nok 3 - c # SKIP later\n",
    summary: { passed: 1, failed: 1, skipped: 1 },
  },
  {
    name: "vitest",
    output:
      " Test Files  1 failed | 2 passed (3)\n      Tests  1 failed | 3 passed | 1 skipped (5)\n   Start at  10:00:00\n   Duration  1.21s (transform 80ms)\n",
    summary: { passed: 3, failed: 1, skipped: 1, durationMs: 1210 },
  },
  {
    name: "jest",
    output:
      "Test Suites: 1 failed, 1 total\nTests:       1 failed, 2 skipped, 3 passed, 6 total\nTime:        1.5 s, estimated 2 s\n",
    summary: { passed: 3, failed: 1, skipped: 2, durationMs: 1500 },
  },
  {
    name: "pytest",
    output: "=================== 1 failed, 2 passed, 1 skipped, 1 error in 0.12s ===================\n",
    summary: { passed: 2, failed: 2, skipped: 1, durationMs: 120 },
  },
  {
    name: "pytest -q",
    output: "....\n4 passed in 0.01s\n",
    summary: { passed: 4, failed: 0, skipped: 0, durationMs: 10 },
  },
  {
    name: "cargo test with two binaries",
    output:
      "test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.02s\n\ntest result: FAILED. 1 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.01s\n",
    summary: { passed: 4, failed: 2, skipped: 1, durationMs: 30 },
  },
  {
    name: "go test -v",
    command: "go test -v ./...",
    output:
      "--- PASS: TestA (0.00s)\n--- FAIL: TestB (0.01s)\n    --- FAIL: TestB/inner (0.00s)\n--- SKIP: TestC (0.00s)\nFAIL\nFAIL\texample.org/x\t0.01s\n",
    summary: { passed: 1, failed: 1, skipped: 1 },
  },
  {
    name: "go test without -v counts packages",
    command: "cd x && go test ./...",
    output: "ok  \texample.org/a\t0.01s\nok  \texample.org/b\t(cached)\nFAIL\texample.org/c\t0.02s\n",
    summary: { passed: 2, failed: 1, skipped: 0 },
  },
  {
    name: "mocha",
    output: "\n  3 passing (12ms)\n  1 pending\n  2 failing\n",
    summary: { passed: 3, failed: 2, skipped: 1, durationMs: 12 },
  },
  {
    name: "the last totals count when they are printed twice",
    output: "1 passed in 0.01s\n2 passed in 0.02s\n",
    summary: { passed: 2, failed: 0, skipped: 0, durationMs: 20 },
  },
];

describe("readTestSummary", () => {
  it.each(cases)("reads $name", ({ command = "run", output, summary }) => {
    expect(readTestSummary(output, command)).toEqual(summary);
  });

  it.each(["", "hello\nok then\n", "3 passed the exam\n", "ok  \texample.org/a\t0.01s\n", "# tests\n1..x"])(
    "says nothing about output that is not a test run: %j",
    (output) => expect(readTestSummary(output, "cat notes.txt")).toBeUndefined(),
  );

  it("stays quick on a long hostile output", () => {
    const hostile = `${"1 passed, ".repeat(6000)}${" ".repeat(30_000)}`;
    const startedAt = performance.now();
    readTestSummary(hostile, "x");
    expect(performance.now() - startedAt).toBeLessThan(500);
  });
});
