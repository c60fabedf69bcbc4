import type { Approve, ToolKind } from "@agency/contract";
import { describe, expect, it } from "vitest";
import { judgesTools, judgeTool } from "./judge-tool.ts";

const NO_RULES = { allow: [], deny: [] };
const judge = (kind: ToolKind, approve: Approve, command?: string, deny: string[] = []): string =>
  judgeTool(
    { kind, ...(command === undefined ? {} : { command }) },
    { approve, commandPolicy: { allow: [], deny } },
  ).kind;

describe("a tool call", () => {
  it.each([
    ["none", { read: "allow", edit: "allow", execute: "allow", agent: "allow", other: "allow" }],
    ["commands", { read: "allow", edit: "allow", execute: "ask", fetch: "allow", mcp: "allow" }],
    ["all", { read: "allow", search: "allow", edit: "ask", execute: "ask", agent: "ask", mcp: "ask" }],
  ] as const)("waits for a person as --approve %s says", (approve, verdicts) => {
    for (const [kind, verdict] of Object.entries(verdicts))
      expect(judge(kind as ToolKind, approve)).toBe(verdict);
  });

  it("that runs a line of shell is a command, whatever its kind", () => {
    expect(judge("other", "commands", "ls")).toBe("ask");
  });

  it("that the rules forbid is denied without asking anybody", () => {
    expect(judge("execute", "all", "git push", ["git push"])).toBe("deny");
    expect(judge("execute", "none", "git push", ["git push"])).toBe("deny");
    expect(judge("execute", "none", "git pull", ["git push"])).toBe("allow");
  });

  it("that runs a command without saying which is denied where there are rules", () => {
    expect(judge("execute", "none", undefined, ["git push"])).toBe("deny");
    expect(judge("edit", "none", undefined, ["git push"])).toBe("allow");
  });

  it("is judged only where there is something to judge by", () => {
    expect(judgesTools({ approve: "none", commandPolicy: NO_RULES })).toBe(false);
    expect(judgesTools({ approve: "all", commandPolicy: NO_RULES })).toBe(true);
    expect(judgesTools({ approve: "none", commandPolicy: { allow: ["ls"], deny: [] } })).toBe(true);
  });
});
