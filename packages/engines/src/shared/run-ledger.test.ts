import type { EngineEvent } from "@agency/core";
import { describe, expect, it } from "vitest";
import { createRunLedger } from "./run-ledger.ts";

const session: EngineEvent = {
  type: "session",
  data: { engine: "x", engineVersion: "1", sessionId: "s", model: "m", resumed: false },
};
const notice: EngineEvent = { type: "notice", data: { level: "info", text: "hm" } };
const text: EngineEvent = { type: "text", data: { messageId: "m", text: "hi" } };
const toolStart = (id: string): EngineEvent => ({
  type: "tool_start",
  data: { id, name: "t", kind: "other", input: null },
});
const toolEnd = (id: string): EngineEvent => ({
  type: "tool_end",
  data: { id, status: "ok", output: "", outputBytes: 0, truncated: false },
});
const turnEnd = (...inputIds: string[]): EngineEvent => ({
  type: "turn_end",
  data: { inputIds, stop: "completed", text: "" },
});

describe("the run ledger", () => {
  it("lets little pass before the session, and the session once", () => {
    const ledger = createRunLedger();
    expect([notice, text, session, session, text].map((event) => ledger.admit(event)?.type)).toEqual([
      "notice",
      undefined,
      "session",
      undefined,
      "text",
    ]);
  });

  it("pairs the beginning and the end of tools", () => {
    const ledger = createRunLedger();
    const events = [session, toolEnd("a"), toolStart("a"), toolStart("a"), toolEnd("a"), toolEnd("a")];
    expect(events.map((event) => ledger.admit(event) !== undefined)).toEqual([
      true,
      false,
      true,
      false,
      true,
      false,
    ]);
  });

  it("lets an input end once, and only when it was accepted", () => {
    const ledger = createRunLedger();
    ledger.admit(session);
    ledger.accept("one");
    expect(ledger.admit(turnEnd("one", "strange"))).toMatchObject({ data: { inputIds: ["one"] } });
    expect(ledger.admit(turnEnd("one"))).toMatchObject({ data: { inputIds: [] } });
    expect(ledger.openInputs).toBe(0);
  });

  it("closes what is open", () => {
    const ledger = createRunLedger();
    ledger.accept("one");
    const subtask: EngineEvent = { type: "subtask", data: { id: "t", status: "started", what: "bash" } };
    for (const event of [session, toolStart("a"), subtask]) ledger.admit(event);
    expect(ledger.closing("interrupted")).toMatchObject([
      { type: "tool_end", data: { id: "a", status: "aborted" } },
      { type: "subtask", data: { id: "t", status: "stopped" } },
      { type: "turn_end", data: { inputIds: ["one"], stop: "interrupted" } },
    ]);
    expect(ledger.closing("interrupted")).toEqual([]);
  });

  it("ends no turn of a run that had no session", () => {
    const ledger = createRunLedger();
    ledger.accept("one");
    expect(ledger.closing("error")).toEqual([]);
  });
});
