import { describe, expect, it } from "vitest";
import type { AnswerBody, AskBody, Question } from "@agency/contract";
import { takeAsk } from "../uplink/take-ask.ts";
import type { TakeAskDeps } from "../uplink/take-ask.ts";
import type { AttemptAccess } from "@agency/core";
import { MemoryTask } from "../testing/memory-task.ts";
import { sampleTask, SPEC } from "../testing/sample-task.ts";
import { answerTask } from "./answer-task.ts";
import type { PauseDeps } from "./pause-task.ts";

const access = { taskId: "t", epoch: 1 } as AttemptAccess;
const colour: Question = {
  text: "Which colour?",
  choices: [{ label: "Red" }, { label: "Blue" }],
  multiple: false,
};
const sizes: Question = { text: "Sizes?", choices: [{ label: "S" }, { label: "M" }], multiple: true };
const name: Question = { text: "What name?", choices: [], multiple: false };
const ask = (id: string, ...questions: Question[]): AskBody => ({ id, kind: "question", questions });
const push: AskBody = { id: "p", kind: "approval", tool: "Bash", title: "git push", input: {} };
const words = (...answers: string[][]): AnswerBody => ({ kind: "question", answers });
const yes: AnswerBody = { kind: "approval", allow: true };

async function asked(...asks: AskBody[]) {
  const tasks = new MemoryTask(sampleTask({ spec: { ...SPEC, approve: "all" } }));
  const deps = { tasks, now: () => 1, redact: (text: string) => text };
  for (const body of asks) await takeAsk(deps as unknown as TakeAskDeps, access, body);
  const answer = (body: AnswerBody, askId?: string) => {
    const given = askId === undefined ? { answer: body } : { askId, answer: body };
    return answerTask(deps as unknown as PauseDeps, "a", "t", given, "key 7");
  };
  return { tasks, answer };
}

describe("an answer", () => {
  it("reaches the only open ask without its name, and lets the run go on", async () => {
    const { answer, tasks } = await asked(ask("q", colour));
    expect(await answer(words(["Red"]))).toMatchObject({ state: "running", asks: [] });
    expect(tasks.commands.at(-1)).toEqual({
      kind: "answer",
      askId: "q",
      answer: words(["Red"]),
      by: "key 7",
    });
  });

  it("is given in the agent's own labels, however it was typed, or in one's own words", async () => {
    const { answer, tasks } = await asked(ask("q", colour, sizes, name));
    await answer(words([" blue "], ["m", "S"], ["Ada, or Bob"]));
    expect(tasks.commands.at(-1)).toMatchObject({ answer: words(["Blue"], ["M", "S"], ["Ada, or Bob"]) });
    const other = await asked(ask("q", colour));
    await other.answer(words(["none of these"]));
    expect(other.tasks.commands.at(-1)).toMatchObject({ answer: words(["none of these"]) });
  });

  it("allows or refuses a tool call", async () => {
    const { answer, tasks } = await asked(push);
    await answer({ kind: "approval", allow: false, reason: "not on Friday" });
    expect(tasks.commands.at(-1)).toMatchObject({ answer: { allow: false, reason: "not on Friday" } });
  });

  it("says which ask it is for when there are several", async () => {
    const { answer } = await asked(ask("q", colour), push);
    await expect(answer(yes)).rejects.toMatchObject({
      code: "invalid_request",
      next: "Set `askId` to one of: q, p.",
    });
    expect((await answer(yes, "p")).asks.map((one) => one.id)).toEqual(["q"]);
    await expect(answer(yes, "p")).rejects.toMatchObject({ code: "conflict", next: "Open now: q." });
  });

  it.each<[string, AskBody, AnswerBody, RegExp]>([
    ["of the other kind", ask("q", colour), yes, /is a question/],
    ["of the other kind", push, words(["x"]), /a yes or a no/],
    ["to fewer questions", ask("q", colour, name), words(["Red"]), /2 questions, and 1 answer came/],
    ["to more questions", ask("q", colour), words(["Red"], ["x"]), /1 question, and 2 answers came/],
    ["with two choices for one", ask("q", colour), words(["Red", "Blue"]), /takes one answer, and 2 came/],
    ["with the same choice twice", ask("q", sizes), words(["S", "s"]), /same twice/],
    ["without words", ask("q", name), words(["  "]), /Answer 1 is empty/],
  ])("%s is refused with what would fit", async (_, body, given, message) => {
    const { answer, tasks } = await asked(body);
    await expect(answer(given)).rejects.toThrow(message);
    await expect(answer(given)).rejects.toMatchObject({ code: "invalid_request" });
    expect(tasks.task.snapshot.state).toBe("waiting");
  });

  it("to nothing is refused", async () => {
    const { answer } = await asked();
    await expect(answer(yes)).rejects.toMatchObject({ code: "conflict" });
  });

  it("that comes second is refused", async () => {
    const { answer } = await asked(push);
    const both = await Promise.allSettled([answer(yes), answer(yes)]);
    expect(both.map((result) => result.status).sort()).toEqual(["fulfilled", "rejected"]);
  });
});
