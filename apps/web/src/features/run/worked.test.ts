import { describe, expect, it } from "vitest";
import { workedMs } from "./worked.ts";

const at = (s: number) => new Date(s * 1000).toISOString();

describe("the time a run has worked", () => {
  it("goes on while it runs and leaves out what it waited", () => {
    expect(workedMs({ startedAt: at(10), finishedAt: null, waitedMs: 5_000, waits: [] }, 30_000)).toBe(
      15_000,
    );
    expect(workedMs({ startedAt: null, finishedAt: null, waitedMs: 0, waits: [] }, 30_000)).toBe(0);
  });

  it("stands still while it waits, and when it is over", () => {
    const wait = { id: "w", reason: "budget" as const, since: at(20), until: null, message: null };
    expect(workedMs({ startedAt: at(10), finishedAt: null, waitedMs: 0, waits: [wait] }, 99_000)).toBe(
      10_000,
    );
    expect(workedMs({ startedAt: at(10), finishedAt: at(12), waitedMs: 0, waits: [] }, 99_000)).toBe(2_000);
  });
});
