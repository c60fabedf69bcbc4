import type { EventBody } from "@agency/contract";
import { describe, expect, it } from "vitest";
import { logLinesOf } from "./log-lines.ts";

function linesOf(body: EventBody): string[] {
  return logLinesOf({ seq: 1, at: "2026-01-01T00:00:00.000Z", epoch: 1, ...body }).map((line) => line.text);
}

describe("the lines of the log", () => {
  it("keep of a progress bar what stood there last", () => {
    expect(linesOf({ type: "log", data: { stream: "stdout", text: "10%\r100%\n" } })).toEqual(["100%"]);
  });

  it("keep a command whole, whatever would overwrite it on a terminal", () => {
    const input = { command: "rm -rf /\rls" };
    expect(linesOf({ type: "tool_start", data: { id: "t", name: "Bash", kind: "execute", input } })).toEqual([
      "$ rm -rf /\rls",
    ]);
  });
});
