import { describe, expect, it } from "vitest";
import type { AttemptAccess, EventAppend } from "@agency/core";
import { createMemoryStorage } from "@agency/testing";
import { createEventRate } from "./event-rate.ts";
import { ingest } from "./ingest.ts";
import type { IngestDeps } from "./ingest.ts";

const access = { attemptId: "x", taskId: "t", epoch: 1, eventsPerSecond: 10 } as AttemptAccess;

function setUp() {
  const clock = { at: Date.parse("2026-11-21T10:00:00Z") };
  const appended: EventAppend[] = [];
  const now = () => clock.at;
  const deps = {
    events: {
      append: (batch: EventAppend) => {
        appended.push(batch);
        const runnerSeq = (batch.from ?? 1) + batch.events.length - 1;
        return Promise.resolve({ taskId: "t", verdict: "ok", lastSeq: runnerSeq, runnerSeq });
      },
    },
    storage: createMemoryStorage(),
    metrics: { eventsIngested() {}, eventsRefused() {} },
    rate: createEventRate(now),
    redact: (text: string) => text,
    onActivity() {},
    now,
  } as unknown as IngestDeps;
  const at = new Date(clock.at).toISOString();
  const log = { at, type: "log", data: { stream: "stdout", text: "x" } };
  const send = (from: number, count: number) =>
    ingest(deps, access, { from, events: Array.from({ length: count }, () => log) });
  return { clock, appended, send };
}

describe("a runner that sends faster than it may", () => {
  it("is told to try again later, and nothing of that batch is stored or lost", async () => {
    const { appended, clock, send } = setUp();
    expect(await send(1, 300)).toBe(300);
    await expect(send(301, 10)).rejects.toMatchObject({ code: "too_many_requests", retryAfterMs: 5_050 });
    expect(appended).toHaveLength(1);
    clock.at += 5_050;
    expect(await send(301, 10)).toBe(310);
  });
});
