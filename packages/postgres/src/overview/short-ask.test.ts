import type { Ask, Question } from "@agency/contract";
import { describe, expect, it } from "vitest";
import { shortAsk } from "./short-ask.ts";

const asked = (question: Partial<Question>): Ask => ({
  id: "a",
  askedAt: "2026-01-01T00:00:00.000Z",
  kind: "question",
  questions: [{ text: "Which?", choices: [], multiple: false, ...question }],
});

describe("a question in a list", () => {
  it("is as it is when it is short, and an approval always", () => {
    const short = asked({ choices: [{ label: "Red", description: "like a rose" }, { label: "Blue" }] });
    expect(shortAsk(short)).toEqual(short);
    const { askedAt } = short;
    const approval: Ask = {
      id: "b",
      askedAt,
      kind: "approval",
      tool: "Bash",
      title: "x".repeat(4096),
      input: {},
    };
    expect(shortAsk(approval)).toBe(approval);
  });

  it("has the beginning of long text and of long descriptions, every label whole, and says so", () => {
    const choices = [{ label: "R".repeat(1000), description: "d".repeat(4096) }, { label: "Blue" }];
    const short = shortAsk(asked({ text: "t".repeat(16_000), choices }));
    expect(short).toMatchObject({
      cut: true,
      questions: [
        {
          text: `${"t".repeat(2000)}…`,
          choices: [{ label: "R".repeat(1000), description: `${"d".repeat(280)}…` }, { label: "Blue" }],
        },
      ],
    });
  });

  it("leaves choices out that are too many to be there whole", () => {
    const choices = Array.from({ length: 50 }, (_, at) => ({ label: `${at}`.padEnd(1000, "x") }));
    expect(shortAsk(asked({ choices }))).toMatchObject({ cut: true, questions: [{ choices: [] }] });
  });

  it("is not cut in the middle of a character", () => {
    const short = shortAsk(asked({ text: `${"t".repeat(1999)}😀` }));
    expect(short.kind === "question" && short.questions[0]?.text.isWellFormed()).toBe(true);
  });
});
