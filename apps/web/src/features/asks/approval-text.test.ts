import type { Ask } from "@agency/contract";
import { describe, expect, it } from "vitest";
import { runsOf } from "../../lib/odd-characters.ts";
import { approvalText } from "./approval-text.ts";

type Approval = Extract<Ask, { kind: "approval" }>;

function textOf(input: Approval["input"]): string {
  return approvalText({
    id: "a",
    kind: "approval",
    tool: "Bash",
    title: "title",
    input,
    askedAt: "2026-01-01T00:00:00.000Z",
  });
}

describe("the text of an approval", () => {
  it.each([
    ["a command", { command: "ls\nrm -rf /" }, "ls\nrm -rf /"],
    ["several fields", { command: "ls", cwd: "/w" }, "command: ls\ncwd: /w"],
    ["a bare text", "rm -rf /", "rm -rf /"],
    ["a list", ["rm", "-rf"], '[\n  "rm",\n  "-rf"\n]'],
    ["nothing", null, "title"],
  ])("is the whole of %s", (_, input, text) => {
    expect(textOf(input)).toBe(text);
  });

  it("is shown with every control character by its name", () => {
    const command = "ls \x1b]0;\nrm -rf /\x07 \x1b[30;40mhidden\r";
    const shown = runsOf(textOf({ command })).map((run) => (run.kind === "odd" ? `<${run.name}>` : run.text));
    expect(shown.join("")).toBe("ls <U+001B>]0;\nrm -rf /<U+0007> <U+001B>[30;40mhidden<U+000D>");
  });
});
