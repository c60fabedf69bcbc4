import { describe, expect, it } from "vitest";
import { findOpening, isScriptName, resumeNote } from "./opening.ts";
import type { Entry } from "./request.ts";

const user = (text: string): Entry => ({ kind: "user", text });
const answered: Entry = { kind: "assistant", callIds: [] };
const isKnown = (name: string): boolean => ["a", "b", "demo"].includes(name);

describe("findOpening", () => {
  it("takes the newest marker and leaves it out of the prompt", () => {
    const entries = [user("[[s:a]] one"), answered, user("now [[s:b]] two"), answered, user("go on")];
    expect(findOpening(entries, isKnown, undefined)).toEqual({
      script: "b",
      firstStep: 0,
      prompt: "now  two",
      entriesFrom: 3,
    });
  });

  it("falls back to the first user message", () => {
    const entries = [user("build it"), answered, user("and more")];
    const opening = findOpening(entries, isKnown, "demo");
    expect(opening).toEqual({ script: "demo", firstStep: 0, prompt: "build it", entriesFrom: 1 });
  });

  it("ignores a marker nobody knows when there is a fallback, and reports it when there is none", () => {
    const entries = [user("what does [[s:nope]] mean?")];
    expect(findOpening(entries, isKnown, "demo")?.script).toBe("demo");
    expect(findOpening(entries, isKnown, undefined)?.script).toBe("nope");
  });

  it("finds nothing without marker and fallback, or in an empty conversation", () => {
    expect(findOpening([user("hello")], isKnown, undefined)).toBeUndefined();
    expect(findOpening([], isKnown, "demo")).toBeUndefined();
  });

  it("picks up step and prompt from the note that a shortened history keeps", () => {
    const note = resumeNote("a", 4, "build <task> things");
    const opening = findOpening([user(`Summary:\n${note}\n\nContinue.`)], isKnown, undefined);
    expect(opening).toEqual({ script: "a", firstStep: 4, prompt: "build <task> things", entriesFrom: 1 });
  });

  it("does not take a person's own tags for such a note", () => {
    expect(findOpening([user("[[s:a]] <task>x</task>")], isKnown, undefined)?.prompt).toBe("<task>x</task>");
  });
});

describe("isScriptName", () => {
  it("allows what fits into an id between underscores", () => {
    expect(["a", "Fix-2", "x_y", "", "a b", "a".repeat(65)].map(isScriptName)).toEqual([
      true,
      true,
      false,
      false,
      false,
      false,
    ]);
  });
});
