import type { AskBody, Json, Question } from "@agency/contract";
import type { ToolCall } from "@agency/core";

const INPUT_CHARS = 32 * 1024;
const NO_TEXT = "(no text)";

/** Within what the contract takes, so that an agent's long words never make an ask fail. */
export function fitQuestions(questions: readonly Question[]): Question[] {
  return questions.slice(0, 20).map(({ text, header, choices, multiple }) => ({
    text: cut(text, 16_384) || NO_TEXT,
    ...(header === undefined ? {} : { header: cut(header, 200) }),
    choices: choices.slice(0, 50).map(({ label, description }) => ({
      label: cut(label, 1000) || NO_TEXT,
      ...(description === undefined ? {} : { description: cut(description, 4096) }),
    })),
    multiple,
  }));
}

type Approval = Omit<Extract<AskBody, { kind: "approval" }>, "id" | "kind">;

export function fitApproval({ name, title, input }: Pick<ToolCall, "name" | "title" | "input">): Approval {
  return { tool: cut(name, 200) || NO_TEXT, title: cut(title, 4096), input: fitInput(input) };
}

function fitInput(input: unknown): Json {
  const text = toJson(input);
  return text.length <= INPUT_CHARS ? (JSON.parse(text) as Json) : { preview: cut(text, INPUT_CHARS) };
}

function toJson(input: unknown): string {
  try {
    return JSON.stringify(input) ?? "null";
  } catch {
    return "null";
  }
}

function cut(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most - 1).toWellFormed()}…`;
}
