import type { EventBody, TaskEvent } from "@agency/contract";
import { describe, expect, it } from "vitest";
import { createRunStore } from "../run-store.ts";
import { createTimeline } from "./timeline.ts";

let seq = 0;
function event(body: EventBody): TaskEvent {
  seq += 1;
  return { seq, at: new Date(seq * 1000).toISOString(), epoch: 1, ...body };
}

function timelineOf(...bodies: EventBody[]) {
  const timeline = createTimeline();
  for (const body of bodies) timeline.add(event(body));
  return timeline.rows;
}

const shellCall: EventBody = {
  type: "tool_start",
  data: { id: "t1", name: "Bash", kind: "execute", input: { command: "npm test" } },
};

describe("the timeline of a run", () => {
  it("begins a turn at the agent's first sign and ends it with the turn", () => {
    const rows = timelineOf(
      { type: "text", data: { messageId: "m1", text: "Hello" } },
      { type: "turn_end", data: { inputIds: [], stop: "completed", text: "Hello" } },
      { type: "message", data: { id: "x", text: "go on", mode: "steer" } },
      { type: "text", data: { messageId: "m2", text: "Again" } },
    );
    expect(rows.map(({ kind, turn }) => [kind, turn])).toEqual([
      ["turn", 1],
      ["text", 1],
      ["message", 1],
      ["turn", 2],
      ["text", 2],
    ]);
    expect(rows[0]).toMatchObject({ end: { stop: "completed" } });
  });

  it("lets a message grow while it is typed, and takes the whole text in its place", () => {
    const timeline = createTimeline();
    for (const text of ["He", "llo"])
      timeline.add(event({ type: "text_delta", data: { messageId: "m", text } }));
    expect(timeline.rows.at(-1)).toMatchObject({ text: "Hello", typing: true, rev: 1 });
    timeline.add(event({ type: "text", data: { messageId: "m", text: "Hello." } }));
    expect(timeline.rows).toHaveLength(2);
    expect(timeline.rows.at(-1)).toMatchObject({ text: "Hello.", typing: false });
  });

  it("shows two whole texts of one message as two", () => {
    const rows = timelineOf(
      { type: "text", data: { messageId: "m", text: "a" } },
      { type: "text", data: { messageId: "m", text: "b" } },
    );
    expect(rows.filter((row) => row.kind === "text").map((row) => row.text)).toEqual(["a", "b"]);
  });

  it("puts what belongs to a tool call into its row", () => {
    const rows = timelineOf(
      shellCall,
      { type: "file_change", data: { path: "a.ts", op: "modify", toolId: "t1", source: "engine" } },
      { type: "command", data: { command: "npm test", exitCode: 1, toolId: "t1" } },
      { type: "test_run", data: { passed: 1, failed: 2, skipped: 0, toolId: "t1" } },
      {
        type: "tool_end",
        data: { id: "t1", status: "error", output: "x", outputBytes: 1, truncated: false, exitCode: 1 },
      },
    );
    expect(rows).toHaveLength(2);
    expect(rows[1]).toMatchObject({
      kind: "tool",
      topic: "changes",
      tests: { failed: 2 },
      end: { exitCode: 1 },
      changes: [{ path: "a.ts" }],
    });
  });

  it("gathers connections and log lines that come together", () => {
    const call: EventBody = {
      type: "network",
      data: {
        host: "example.com",
        port: 443,
        via: "connect",
        verdict: "denied",
        bytesIn: 0,
        bytesOut: 0,
        durationMs: 1,
        count: 1,
      },
    };
    const rows = timelineOf(call, call, { type: "log", data: { stream: "stdout", text: "x" } }, call);
    expect(rows.map((row) => (row.kind === "network" ? row.calls.length : row.kind))).toEqual([2, "log", 1]);
  });

  it("marks a question as answered", () => {
    const rows = timelineOf(
      {
        type: "ask",
        data: {
          ask: {
            id: "q",
            kind: "question",
            questions: [{ text: "Which?", choices: [], multiple: false }],
          },
        },
      },
      { type: "answer", data: { askId: "q", answer: { kind: "question", answers: [["Blue"]] }, by: "me" } },
    );
    expect(rows).toMatchObject([{ kind: "ask", answered: { by: "me" } }]);
  });

  it("takes 200,000 events in well under two seconds", () => {
    const timeline = createTimeline();
    const began = performance.now();
    for (let at = 0; at < 50_000; at++) {
      timeline.add(event({ type: "text", data: { messageId: `m${at}`, text: "x" } }));
      timeline.add(event({ ...shellCall, data: { ...shellCall.data, id: `t${at}` } }));
      timeline.add(
        event({
          type: "tool_end",
          data: { id: `t${at}`, status: "ok", output: "", outputBytes: 0, truncated: false },
        }),
      );
      timeline.add(event({ type: "activity", data: { state: "thinking" } }));
    }
    expect(timeline.rows).toHaveLength(100_001);
    expect(performance.now() - began).toBeLessThan(2_000);
  });
});

describe("the store of a run", () => {
  it("takes each event once and tells listeners once a flush", () => {
    const flushes: (() => void)[] = [];
    const store = createRunStore((flush) => flushes.push(flush));
    let heard = 0;
    store.subscribe(() => (heard += 1));
    const first = event({ type: "notice", data: { level: "info", text: "a" } });
    store.add(first);
    store.add(first);
    store.add(event({ type: "phase", data: { name: "setup", status: "started" } }));
    expect([flushes.length, heard]).toEqual([1, 0]);
    flushes[0]?.();
    expect([store.view().events.length, heard]).toEqual([2, 1]);
    expect(store.view().summary.phases).toMatchObject([{ name: "setup", status: "started" }]);
  });

  it("keeps features, cost and files up to date", () => {
    const store = createRunStore((flush) => flush());
    const feature = { id: "f1", title: "Login", status: "open" as const };
    store.add(event({ type: "feature_list", data: { features: [feature] } }));
    store.add(event({ type: "feature_start", data: { id: "f1" } }));
    expect(store.view().summary.features).toMatchObject([{ status: "active" }]);
    store.add(event({ type: "feature_end", data: { id: "f1", status: "passed" } }));
    const usage = { key: "k", model: "m", input: 10, output: 5, cacheRead: 100, cacheWrite: 0 };
    store.add(event({ type: "usage", data: { ...usage, costUsd: 0.1, totalCostUsd: 0.3 } }));
    store.add(
      event({
        type: "file_change",
        data: { path: "a", op: "create", added: 3, removed: 0, source: "engine" },
      }),
    );
    const { summary } = store.view();
    expect(summary).toMatchObject({
      features: [{ status: "passed" }],
      costUsd: 0.3,
      tokens: { input: 10, output: 5, cached: 100 },
    });
    expect(summary.files.get("a")).toMatchObject({ added: 3 });
  });
});
