import { describe, expect, it } from "vitest";
import { isFromPerson, splitReminders, workingDirectoryIn } from "./claude-text.ts";

describe("splitReminders", () => {
  it("tells a person's words from the engine's", () => {
    const parts = splitReminders("<system-reminder>\nToday is Friday.\n</system-reminder>\nfix it");
    expect(parts).toEqual({ said: "fix it", reminders: ["Today is Friday."], steering: [] });
  });

  it("finds what was said while a turn ran, exactly as it was said", () => {
    const text = [
      "went",
      "<system-reminder>\nThe user sent a new message while you were working:\nalso write\n\n  A.md\n\nThis is how Claude Code surfaces messages.\n</system-reminder>",
      "<system-reminder>\nThe user sent a new message while you were working:\nhurry\n</system-reminder>",
      "<system-reminder>\n<total_tokens>1</total_tokens>\n</system-reminder>",
    ].join("\n\n");
    expect(splitReminders(text)).toMatchObject({ said: "went", steering: ["also write\n\n  A.md", "hurry"] });
  });

  it("takes an unclosed reminder as plain words", () => {
    expect(splitReminders("a <system-reminder> b").said).toBe("a <system-reminder> b");
  });

  it("stays quick on a flood of unclosed reminders", () => {
    const flood = "<system-reminder>".repeat(200_000);
    const startedAt = performance.now();
    splitReminders(flood);
    expect(performance.now() - startedAt).toBeLessThan(1000);
  });
});

describe("isFromPerson", () => {
  it("knows the engine's own notes", () => {
    const notes = [
      "",
      "[Request interrupted by user for tool use]",
      "<command-name>/compact</command-name>",
      "Output token limit hit. Resume",
      "USD budget: $0.056048/$10; $9.943952 remaining",
      "# Environment\nYou have been invoked in the following environment:",
    ];
    expect(notes.filter(isFromPerson)).toEqual([]);
    expect(isFromPerson("please go on")).toBe(true);
  });
});

describe("workingDirectoryIn", () => {
  it("takes the last one told, for a resumed session may have moved", () => {
    const notes = [
      "# Environment\n - Primary working directory: /old\n - Platform: linux",
      "<env>\nWorking directory: /new dir\n</env>",
    ];
    expect(workingDirectoryIn(notes)).toBe("/new dir");
  });

  it("does not take prose for one", () => {
    expect(workingDirectoryIn(["Consider the current working directory: it matters."])).toBeUndefined();
  });
});
