import { describe, expect, it } from "vitest";
import { createRedactor } from "@agency/core";
import type { AttemptAccess, EventAppend } from "@agency/core";
import { createMemoryStorage } from "@agency/testing";
import { createEventRate } from "./event-rate.ts";
import { ingest } from "./ingest.ts";
import type { IngestDeps } from "./ingest.ts";
import { createLogRedactions } from "./log-redactions.ts";

const access = { attemptId: "x", taskId: "t", epoch: 1, eventsPerSecond: 10 } as AttemptAccess;

const SECRET = "hunter2-hunter2-hunter2";
const { redactor } = createRedactor([{ name: "KEY", value: SECRET }]);

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
    redactions: createLogRedactions({ redactorFor: async () => redactor }),
    onActivity() {},
    now,
  } as unknown as IngestDeps;
  const at = new Date(clock.at).toISOString();
  const log = { at, type: "log", data: { stream: "stdout", text: "x" } };
  const send = (from: number, count: number) =>
    ingest(deps, access, { from, events: Array.from({ length: count }, () => log) });
  const say = (from: number, ...texts: string[]) =>
    ingest(deps, access, {
      from,
      events: texts.map((text) => ({ at, type: "text_delta", data: { messageId: "m", text } })),
    });
  return { clock, appended, send, say };
}

describe("a secret that is spread over several events", () => {
  it("is hidden across batches, and the same when a batch is sent again", async () => {
    const { appended, say } = setUp();
    await say(1, "it is hun", "ter2-hunter2");
    await say(3, "-hunter2 or so");
    await say(3, "-hunter2 or so");
    const texts = appended.map(({ events }) =>
      events.map(({ data }) => (data as { text: string }).text).join(""),
    );
    expect(texts.join("")).not.toContain("hunter2-hunter2");
    expect(texts[1]).not.toContain("hunter2");
    expect(texts[1]).toContain("or so");
  });
});

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
