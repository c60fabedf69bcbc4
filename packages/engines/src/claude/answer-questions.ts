import type { Question } from "@agency/contract";
import type { EngineStart } from "@agency/core";
import type { CanUseTool, PermissionResult } from "@anthropic-ai/claude-agent-sdk";
import { oneLine } from "../shared/cap-text.ts";
import type { Decisions } from "../shared/decisions.ts";
import { fieldsOf, listOf, textOf } from "./map/read-value.ts";
import type { Fields } from "./map/read-value.ts";

export const QUESTION_TOOL = "AskUserQuestion";

const NOBODY = "Nobody answers; decide yourself.";
const NOT_READ = "The question could not be read. Each one needs a text, and choices with labels.";
const MAX_TEXT = 16_384;
const MAX_LABEL = 1000;
const MAX_DESCRIPTION = 4096;
const MAX_HEADER = 200;

/** With all permissions given the engine asks for one thing only: answers to the questions of its model. */
export function answerer(ask: NonNullable<EngineStart["ask"]>, decisions: Decisions): CanUseTool {
  return async (tool, input, { signal, toolUseID }) => {
    if (tool !== QUESTION_TOOL) return denied(`${tool} needs a person's permission, and nobody can give it.`);
    const asked = listOf(input["questions"]).map((question) => fieldsOf(question));
    const questions = asked.map((fields) => readQuestion(fields));
    if (questions.length === 0 || questions.some(({ text }) => text === "")) return denied(NOT_READ);
    const answers = await decisions.wait(
      (unneeded) => ask(toolUseID, questions, unneeded),
      () => null,
      signal,
    );
    if (answers === null) return denied(NOBODY);
    // The engine looks an answer up by the whole text of its question.
    const byText = asked.map((fields, at) => [
      textOf(fields["question"]) ?? "",
      answers[at]?.join(", ") ?? "",
    ]);
    return { behavior: "allow", updatedInput: { ...input, answers: Object.fromEntries(byText) as unknown } };
  };
}

function denied(message: string): PermissionResult {
  return { behavior: "deny", message };
}

function readQuestion(fields: Fields): Question {
  const header = textOf(fields["header"]);
  return {
    text: (textOf(fields["question"]) ?? "").slice(0, MAX_TEXT),
    ...(header === undefined ? {} : { header: oneLine(header, MAX_HEADER) }),
    choices: listOf(fields["options"])
      .map((option) => readChoice(fieldsOf(option)))
      .filter(({ label }) => label !== ""),
    multiple: fields["multiSelect"] === true,
  };
}

function readChoice(fields: Fields): Question["choices"][number] {
  const description = textOf(fields["description"]);
  return {
    label: (textOf(fields["label"]) ?? "").slice(0, MAX_LABEL),
    ...(description === undefined ? {} : { description: description.slice(0, MAX_DESCRIPTION) }),
  };
}
