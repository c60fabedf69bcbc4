import type { AnswerBody, Ask, Task } from "@agency/contract";
import { EXIT } from "../exit-codes.ts";
import { renderAsk } from "../render/events/waiting.ts";
import { oneLine } from "../render/text.ts";
import type { Session } from "../session.ts";
import { UsageError } from "../usage-error.ts";
import { findTask } from "./find-task.ts";
import { readLine } from "./read-text.ts";

interface AnswerOptions {
  ask: string | undefined;
  yes: boolean;
  no: boolean;
  choice: number[] | undefined;
}

/** Answers what the agent asks: yes or no to a tool call, words or choices to a question. */
export async function answer(
  session: Session,
  reference: string,
  words: readonly string[],
  options: AnswerOptions,
): Promise<number> {
  if (options.yes && options.no) throw new UsageError("It is either --yes or --no.");
  const { output, json, signal } = session;
  const client = await session.client();
  const task = await findTask(client, reference, signal);
  const ask = chooseAsk(task, options.ask);
  const body = bodyOf(ask, words, options) ?? (await askPerson(session, task, ask));
  const after = await client.answerTask(task.id, { askId: ask.id, answer: body }, { signal });
  if (json) output.json(after);
  else output.print(`Answered ${oneLine(task.name)}.`);
  return EXIT.done;
}

function chooseAsk(task: Task, wanted: string | undefined): Ask {
  const { asks } = task;
  const [first] = asks;
  if (first === undefined) {
    throw new UsageError(`${oneLine(task.name)} asks nothing.`, "`agency show` tells what it waits for.");
  }
  if (wanted === undefined && asks.length === 1) return first;
  const found = asks.find(({ id }) => id === wanted);
  if (found !== undefined) return found;
  const ids = asks.map(({ id }) => `--ask ${id}`).join(", ");
  throw new UsageError(
    wanted === undefined
      ? `${oneLine(task.name)} asks ${asks.length} things.`
      : `It does not ask "${wanted}".`,
    `Say which: ${ids}.`,
  );
}

/** What the command line says, or null when it says nothing. */
function bodyOf(ask: Ask, words: readonly string[], { yes, no, choice }: AnswerOptions): AnswerBody | null {
  const text = words.join(" ").trim();
  if (ask.kind === "approval") {
    if (choice !== undefined)
      throw new UsageError("This is a yes or no.", "Answer with --yes, or with --no REASON.");
    if (yes) return { kind: "approval", allow: true };
    if (no) return { kind: "approval", allow: false, ...(text === "" ? {} : { reason: text }) };
    if (text === "") return null;
    throw new UsageError("This is a yes or no.", "Answer with --yes, or with --no REASON.");
  }
  if (yes || no)
    throw new UsageError("This is a question, not a yes or no.", "Answer with words or --choice N.");
  if (choice === undefined && text === "") return null;
  const [question, ...more] = ask.questions;
  if (question === undefined || more.length > 0) {
    throw new UsageError(
      `It asks ${ask.questions.length} questions at once.`,
      "Answer them on a terminal: `agency answer` without words asks one after the other.",
    );
  }
  return { kind: "question", answers: [choice === undefined ? [text] : labels(question, choice)] };
}

type Asked = Extract<Ask, { kind: "question" }>["questions"][number];

function labels({ choices, multiple }: Asked, numbers: readonly number[]): string[] {
  if (numbers.length > 1 && !multiple) throw new UsageError("Only one choice may be given.");
  return numbers.map((number) => {
    const chosen = choices[number - 1];
    if (chosen !== undefined) return chosen.label;
    const most =
      choices.length === 0 ? "It offers no choices: answer with words." : `It offers 1 to ${choices.length}.`;
    throw new UsageError(`There is no choice ${number}.`, most);
  });
}

async function askPerson(session: Session, task: Task, ask: Ask): Promise<AnswerBody> {
  const { output, world } = session;
  if (world.stdin.isTTY !== true || !output.terminal) {
    const how = ask.kind === "approval" ? "--yes" : '"…"';
    throw new UsageError("There is no answer.", `Write it: agency answer ${task.id} ${how}`);
  }
  const look = { style: output.style, width: output.width };
  if (ask.kind === "approval") {
    output.print([
      ...renderAsk(ask, look),
      "  y to allow, anything else to refuse (your words are told to the agent):",
    ]);
    const said = (await readLine(session)).trim();
    if (/^y(es)?$/i.test(said)) return { kind: "approval", allow: true };
    return {
      kind: "approval",
      allow: false,
      ...(said === "" || /^no?$/i.test(said) ? {} : { reason: said }),
    };
  }
  const answers: string[][] = [];
  for (const question of ask.questions) {
    output.print(renderAsk({ ...ask, questions: [question] }, look));
    answers.push(fromLine(question, (await readLine(session)).trim()));
  }
  return { kind: "question", answers };
}

function fromLine(question: Asked, line: string): string[] {
  if (line === "") throw new UsageError("The answer is empty.");
  const numbers = line.split(",").map((part) => Number(part.trim()));
  const areChoices =
    question.choices.length > 0 && numbers.every((number) => Number.isInteger(number) && number > 0);
  return areChoices ? labels(question, numbers) : [line];
}
