import { askBodySchema } from "@agency/contract";
import { describe, expect, it } from "vitest";
import { fitApproval, fitQuestions } from "./fit-ask.ts";

const long = "😀".repeat(50_000);

describe("an ask", () => {
  it("fits the contract whatever the agent wrote", () => {
    const choices = Array.from({ length: 60 }, () => ({ label: long, description: long }));
    const questions = Array.from({ length: 30 }, () => ({
      text: long,
      header: long,
      choices,
      multiple: true,
    }));
    const asked = { id: "1", kind: "question", questions: fitQuestions(questions) };
    expect(askBodySchema.safeParse(asked).success).toBe(true);
    const empty = fitQuestions([{ text: "", choices: [{ label: "" }], multiple: false }]);
    expect(askBodySchema.safeParse({ id: "1", kind: "question", questions: empty }).success).toBe(true);
  });

  it("shows the input of a call, or the beginning of one that is too long to show", () => {
    const call = { name: long, title: long, input: { content: long } };
    const fitted = fitApproval(call);
    expect(askBodySchema.safeParse({ id: "1", kind: "approval", ...fitted }).success).toBe(true);
    expect(JSON.stringify(fitted).length).toBeLessThan(64 * 1024);
    expect(fitApproval({ ...call, input: { a: [1] } }).input).toEqual({ a: [1] });
    expect(fitApproval({ ...call, input: undefined }).input).toBeNull();
    expect(fitApproval({ ...call, input: 1n }).input).toBeNull();
  });
});
