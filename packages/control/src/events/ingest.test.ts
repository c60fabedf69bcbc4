import { describe, expect, it } from "vitest";
import { createRedactor } from "@agency/core";
import type { AttemptAccess, EventAppend } from "@agency/core";
import { createMemoryStorage } from "@agency/testing";
import { createEventRate } from "./event-rate.ts";
import { ingest } from "./ingest.ts";
import type { IngestDeps } from "./ingest.ts";
import { createLogRedactions } from "./log-redactions.ts";

const access = {
  attemptId: "x",
  taskId: "t",
  epoch: 1,
  eventsPerSecond: 10,
  outputBytes: 0,
  outputLimit: 1000,
} as AttemptAccess;

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
  const tell = (type: string, data: Record<string, string>, of: Partial<AttemptAccess> = {}) =>
    ingest(deps, { ...access, ...of }, { from: 1, events: [{ at, type, data }] });
  const say = (from: number, ...texts: string[]) =>
    ingest(deps, access, {
      from,
      events: texts.map((text) => ({ at, type: "text_delta", data: { messageId: "m", text } })),
    });
  return { clock, appended, send, say, tell };
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

describe("a runner that was taken over", () => {
  const page = "https://github.com/a/b/pull/7";

  it.each(["pull_request", "review"])("cannot say that a %s was delivered", async (kind) => {
    const { appended, tell } = setUp();
    expect(await tell("delivery", { kind, location: page })).toBe(1);
    expect(appended[0]?.events).toMatchObject([
      { type: "notice", data: { text: expect.stringContaining("only the control plane") } },
    ]);
  });

  it.each(["workspace", "branch", "files"])("says of the %s it has made", async (kind) => {
    const { appended, tell } = setUp();
    await tell("delivery", { kind, location: "x" });
    expect(appended[0]?.events).toMatchObject([{ type: "delivery", data: { kind } }]);
  });

  it("makes nobody keep more than its limit, even when nobody is there to end it", async () => {
    const { appended, tell } = setUp();
    const log = { stream: "stdout", text: "x" };
    await tell("log", log, { outputBytes: 1100 });
    await expect(tell("log", log, { outputBytes: 1101 })).rejects.toMatchObject({
      code: "payload_too_large",
    });
    expect(appended).toHaveLength(1);
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
