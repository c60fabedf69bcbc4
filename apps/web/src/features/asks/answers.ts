import type { AnswerBody, Question } from "@agency/contract";

/** What somebody has filled in so far, question by question. */
export interface Draft {
  chosen: readonly string[];
  words: string;
}

export const EMPTY_DRAFT: Draft = { chosen: [], words: "" };

export function choose(question: Question, draft: Draft, label: string): Draft {
  if (!question.multiple) return { ...draft, chosen: [label], words: "" };
  const has = draft.chosen.includes(label);
  return { ...draft, chosen: has ? draft.chosen.filter((one) => one !== label) : [...draft.chosen, label] };
}

/** Words of one's own replace a single choice and add to several. */
export function write(question: Question, draft: Draft, words: string): Draft {
  return { words, chosen: question.multiple || words === "" ? draft.chosen : [] };
}

/** Null as long as a question is open. */
export function answerOf(drafts: readonly Draft[]): AnswerBody | null {
  const answers = drafts.map(({ chosen, words }) =>
    words.trim() === "" ? [...chosen] : [...chosen, words.trim()],
  );
  return answers.some((answer) => answer.length === 0) ? null : { kind: "question", answers };
}
