import { describe, expect, it } from "vitest";
import { shell } from "./action.ts";
import { fault } from "./fault.ts";
import type { Fault } from "./fault.ts";
import type { Place } from "./place.ts";
import { makeReply } from "./reply.ts";
import type { Reply } from "./reply.ts";
import type { Step } from "./script.ts";

function reply(step: Step, options: { place?: Place; say?: string[]; fault?: Fault } = {}): Reply {
  const { place = { step: 0 }, say = [] } = options;
  return makeReply({ script: "t", place, step, say, fault: options.fault, nonce: "0a" });
}

describe("makeReply", () => {
  it("stops for tools when there are some, and else ends the turn", () => {
    expect(reply({ tools: [shell("ls")] }).stop).toBe("tool_use");
    expect(reply({ text: "done" }).stop).toBe("end_turn");
    expect(reply({ text: "done", stop: "stop_sequence" }).stop).toBe("stop_sequence");
  });

  it("says what was heard in front of its own text", () => {
    expect(reply({ text: "on" }, { say: ["a", "b"] }).text).toBe("a\n\nb\n\non");
    expect(reply({}, { say: ["a"] }).text).toBe("a");
  });

  it("gives every place numbers of its own", () => {
    const places: Place[] = [
      { step: 0 },
      { step: 1 },
      { step: 1, detour: 0 },
      { step: 1, detour: 1 },
      { step: 2, detour: 0 },
    ];
    const inputs = places.map((place) => reply({}, { place }).usage.input);
    expect(new Set(inputs).size).toBe(places.length);
    expect(reply({ usage: { output: 7 } }).usage).toEqual({
      input: 1000,
      output: 7,
      cacheRead: 5000,
      cacheWrite: 200,
    });
  });

  it("spoils the content as the fault says", () => {
    const step: Step = { text: "0123456789", tools: [shell("ls")] };
    expect(reply(step, { fault: fault.empty() })).toMatchObject({ text: "", calls: [], stop: "end_turn" });
    expect(reply(step, { fault: fault.maxTokens() })).toMatchObject({
      text: "01234",
      calls: [],
      stop: "max_tokens",
    });
    expect(reply(step, { fault: fault.refusal() })).toMatchObject({ calls: [], stop: "refusal" });
    expect(reply(step, { fault: fault.hugeText(100_000) }).text).toHaveLength(100_000);
    expect(reply(step, { fault: fault.unknownTool() }).calls.map((call) => call.action)).toEqual([
      { kind: "raw", name: "NoSuchTool", input: {} },
    ]);
  });
});
