import type { EngineStart } from "@agency/core";
import { createDecisions } from "../shared/decisions.ts";
import { TYPED_PREFIX } from "./read-typed-line.ts";
import type { AskLine } from "./read-typed-line.ts";

/** A program that asks without end must not fill the memory with what it asked. */
const MAX_OPEN = 20;

export interface Questions {
  readonly open: number;
  /** Asks, and writes the answer when it comes. Returns why it cannot be asked. */
  put(line: AskLine): string | undefined;
  giveUp(): void;
}

export interface QuestionWiring {
  ask: EngineStart["ask"];
  answer: (line: string) => void;
  /** One is not open any more. */
  onSettled: () => void;
}

export function createQuestions({ ask, answer, onSettled }: QuestionWiring): Questions {
  const decisions = createDecisions();
  const open = new Set<string>();
  let isOver = false;

  async function settle({ id, questions }: AskLine): Promise<void> {
    const answers = await decisions.wait<string[][] | null>(
      async (signal) => (ask === undefined ? null : ask(id, questions, signal)),
      () => null,
    );
    open.delete(id);
    if (isOver) return;
    answer(`${TYPED_PREFIX}${JSON.stringify({ type: "answer", id, answers })}\n`);
    onSettled();
  }

  return {
    get open() {
      return open.size;
    },
    put(line) {
      if (open.has(line.id)) return "a question with this id is open";
      if (open.size >= MAX_OPEN) return `${MAX_OPEN} questions are open`;
      open.add(line.id);
      void settle(line);
      return undefined;
    },
    giveUp() {
      isOver = true;
      decisions.giveUp();
    },
  };
}
