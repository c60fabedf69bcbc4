import { AgencyError } from "@agency/contract";
import type { Ask, GiveAnswer, Task } from "@agency/contract";
import { isTerminal } from "@agency/core";
import { checkAnswer } from "./check-answer.ts";
import { getTask } from "./manage-task.ts";
import type { PauseDeps } from "./pause-task.ts";

export async function answerTask(
  deps: PauseDeps,
  accountId: string,
  id: string,
  given: GiveAnswer,
  by: string,
): Promise<Task> {
  const ask = openAsk(await getTask(deps, accountId, id), given.askId);
  const answer = checkAnswer(ask, given.answer);
  const outcome = await deps.tasks.apply(id, { kind: "answer", askId: ask.id, answer, by }, deps.now());
  // Somebody else answered, or the task was stopped, since it was looked at.
  if (!outcome.ok) throw new AgencyError("conflict", `Ask ${ask.id} of task ${id} is no longer open.`);
  return getTask(deps, accountId, id);
}

function openAsk({ id, state, asks }: Task, askId: string | undefined): Ask {
  const [only] = asks;
  if (only === undefined) {
    if (isTerminal(state)) throw new AgencyError("task_finished", `Task ${id} has ended: it asks nothing.`);
    throw new AgencyError("conflict", `Task ${id} asks nothing now.`, {
      next: `Tell it something with \`agency say ${id}\`.`,
    });
  }
  const ids = asks.map((ask) => ask.id).join(", ");
  if (askId === undefined) {
    if (asks.length === 1) return only;
    throw new AgencyError("invalid_request", `Task ${id} has ${asks.length} open asks: say which one.`, {
      next: `Set \`askId\` to one of: ${ids}.`,
    });
  }
  const ask = asks.find((one) => one.id === askId);
  if (ask !== undefined) return ask;
  throw new AgencyError("conflict", `Task ${id} has no open ask ${askId}; it may have been answered.`, {
    next: `Open now: ${ids}.`,
  });
}
