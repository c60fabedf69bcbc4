import type { Ask, Question } from "@agency/contract";

const TEXT_CHARS = 2_000;
/** With its ellipsis less than a page shows at a glance: it would offer the rest, and have none. */
const DESCRIPTION_CHARS = 280;
const LABELS_CHARS = 10_000;

/** A question as a list has it. Never what a yes is given to: that is there whole or not at all, as every label is. */
export function shortAsk(ask: Ask): Ask {
  if (ask.kind !== "question") return ask;
  const whole = new Set<boolean>();
  const cut = (text: string, most: number) => {
    whole.add(text.length <= most);
    return text.length <= most ? text : `${text.slice(0, most).toWellFormed()}…`;
  };
  const questions = ask.questions.map((question): Question => {
    const fits = question.choices.reduce((sum, { label }) => sum + label.length, 0) <= LABELS_CHARS;
    whole.add(fits);
    const choices = question.choices.map(({ label, description }) =>
      description === undefined ? { label } : { label, description: cut(description, DESCRIPTION_CHARS) },
    );
    return { ...question, text: cut(question.text, TEXT_CHARS), choices: fits ? choices : [] };
  });
  return { ...ask, questions, ...(whole.has(false) ? { cut: true } : {}) };
}
