import { describe, expect, it } from "vitest";
import { commitMessage } from "./commit-message.ts";

const make = (summary: string, title = "Repair the login"): string =>
  commitMessage({ summary, title, engineTitle: "Claude Code" });
const TRAILER = "Co-authored-by: Claude Code <noreply@agency.invalid>";

describe("the message of a commit", () => {
  it("begins with the agent's first sentence, and goes on with the rest", () => {
    expect(make("Fixed the login. Sessions now live for a day.")).toBe(
      `Fixed the login\n\nSessions now live for a day.\n\n${TRAILER}`,
    );
  });

  it.each([
    ["nothing", ""],
    ["one word", "Done."],
    ["a question", "Shall I go on?"],
    ["a long sentence", `It ${"was ".repeat(30)}done.`],
    ["a fence", "```\ncode here\n```"],
  ])("begins with the task's title when the agent said %s", (_what, summary) => {
    expect(make(summary).split("\n")[0]).toBe("Repair the login");
  });

  it("has no markup in its first line", () => {
    expect(make("## **Fixed** the `login`\n\nmore").split("\n")[0]).toBe("Fixed the login");
  });

  it("is wrapped, lists and indented lines staying what they are", () => {
    const body = make(`A change here.\n\n- ${"word ".repeat(30)}\n    indented ${"x".repeat(80)}`);
    const lines = body.split("\n").slice(2, -2);
    expect(lines.filter((line) => line.length > 72)).toEqual([expect.stringContaining("    indented")]);
    expect(lines.slice(0, 2)).toEqual([expect.stringMatching(/^- word/), expect.stringMatching(/^ {2}word/)]);
  });

  it("carries no trailer and no control character of somebody else", () => {
    const message = make(
      "Changed the thing.\n\nSigned-off-by: Boss <b@x>\nCo-Authored-By: You <y@x>\u001b[31m\0",
    );
    expect(message).not.toMatch(/^(?:Signed|Co-Authored)/m);
    expect(message).not.toMatch(/[\0\u001b]/);
    expect(message.endsWith(`\n\n${TRAILER}`)).toBe(true);
  });

  it("has a first line whatever there is", () => {
    expect(commitMessage({ summary: "", title: " ", engineTitle: "x<y>" })).toBe(
      "Changes by an agent\n\nCo-authored-by: xy <noreply@agency.invalid>",
    );
    expect(make("", "long ".repeat(40)).split("\n")[0]?.length).toBeLessThanOrEqual(72);
  });
});
