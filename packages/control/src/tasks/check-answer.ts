import { AgencyError } from "@agency/contract";
import type { AnswerBody, Ask, Question } from "@agency/contract";

/** The answer as the agent will read it, or an `invalid_request` that says what would fit. */
export function checkAnswer(ask: Ask, answer: AnswerBody): AnswerBody {
  if (ask.kind !== answer.kind) throw wrongKind(ask);
  if (ask.kind !== "question" || answer.kind !== "question") return answer;
  const { questions } = ask;
  if (questions.length !== answer.answers.length) {
    throw misfit(
      `Ask ${ask.id} has ${count(questions.length, "question")}, and ${count(answer.answers.length, "answer")} came.`,
      "Give one list of answers for each question, in their order.",
    );
  }
  return {
    kind: "question",
    answers: questions.map((question, i) => fitted(question, i + 1, answer.answers[i] ?? [])),
  };
}

function fitted(question: Question, number: number, given: readonly string[]): string[] {
  const words = given.map((text) => labelOf(question, text.trim()));
  if (words.some((text) => text === ""))
    throw misfit(`Answer ${number} is empty.`, choicesOf(question) ?? "Say something, in your own words.");
  if (new Set(words).size !== words.length)
    throw misfit(`Answer ${number} says the same twice.`, "Give each choice once.");
  if (words.length > 1 && !question.multiple)
    throw misfit(
      `Question ${number} takes one answer, and ${words.length} came.`,
      choicesOf(question) ?? "Put it all into one text.",
    );
  return words;
}

/** A label as the agent wrote it, however it was typed; anything else is an answer in one's own words. */
function labelOf({ choices }: Question, text: string): string {
  const exact = choices.find(({ label }) => label === text);
  const alike = choices.filter(({ label }) => label.trim().toLowerCase() === text.toLowerCase());
  return exact?.label ?? (alike.length === 1 ? alike[0]?.label : undefined) ?? text;
}

function choicesOf({ choices }: Question): string | null {
  return choices.length === 0 ? null : `Choose one of: ${choices.map(({ label }) => label).join(" · ")}.`;
}

function wrongKind(ask: Ask): AgencyError {
  return ask.kind === "question"
    ? misfit(`Ask ${ask.id} is a question.`, 'Answer with `{"kind":"question","answers":[["…"]]}`.')
    : misfit(
        `Ask ${ask.id} wants a yes or a no.`,
        'Answer with `{"kind":"approval","allow":true}` or false.',
      );
}

function misfit(message: string, next: string): AgencyError {
  return new AgencyError("invalid_request", message, { next });
}

function count(n: number, what: string): string {
  return `${n} ${what}${n === 1 ? "" : "s"}`;
}
