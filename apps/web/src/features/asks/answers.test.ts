import { describe, expect, it } from "vitest";
import { answerOf, choose, EMPTY_DRAFT, write } from "./answers.ts";

const one = { text: "Which?", choices: [{ label: "Red" }, { label: "Blue" }], multiple: false };
const many = { ...one, multiple: true };

describe("an answer", () => {
  it("is there once every question has one", () => {
    const red = choose(one, EMPTY_DRAFT, "Red");
    expect(answerOf([red, EMPTY_DRAFT])).toBeNull();
    expect(answerOf([red, write(one, EMPTY_DRAFT, " my own ")])).toEqual({
      kind: "question",
      answers: [["Red"], ["my own"]],
    });
  });

  it("holds one choice, or several where several may be given", () => {
    expect(choose(one, choose(one, EMPTY_DRAFT, "Red"), "Blue").chosen).toEqual(["Blue"]);
    const both = choose(many, choose(many, EMPTY_DRAFT, "Red"), "Blue");
    expect(both.chosen).toEqual(["Red", "Blue"]);
    expect(choose(many, both, "Red").chosen).toEqual(["Blue"]);
  });

  it("lets words of one's own take the place of a single choice", () => {
    expect(write(one, choose(one, EMPTY_DRAFT, "Red"), "Green")).toEqual({ words: "Green", chosen: [] });
    expect(write(many, choose(many, EMPTY_DRAFT, "Red"), "Green").chosen).toEqual(["Red"]);
  });
});
