import { AgencyError, askBodySchema } from "@agency/contract";
import type { AskBody } from "@agency/contract";
import { sanitizeEvent } from "@agency/core";
import type { AttemptAccess, SupervisedTask, TaskStore } from "@agency/core";
import { fencedError } from "./runner-access.ts";

export interface TakeAskDeps {
  tasks: TaskStore;
  /** Takes every known secret out of a text. */
  redact: (text: string) => string;
  now: () => number;
}

/** Written down once, however often the runner asks; `conflict` when nobody will answer, so that the agent is told. */
export async function takeAsk(deps: TakeAskDeps, access: AttemptAccess, body: AskBody): Promise<void> {
  const task = await deps.tasks.load(access.taskId);
  if (task?.snapshot.epoch !== access.epoch) throw fencedError(access.epoch);
  checkWanted(task, body);
  const ask = fit(body, deps.redact);
  const outcome = await deps.tasks.apply(task.id, { kind: "ask", epoch: access.epoch, ask }, deps.now());
  if (outcome.ok) return;
  if (outcome.error.code !== "not_now") throw fencedError(access.epoch);
  throw new AgencyError(
    "conflict",
    "The task cannot ask now: it is not running, is being stopped, or has too many open asks.",
  );
}

function checkWanted({ spec }: SupervisedTask, { kind }: AskBody): void {
  if (kind === "question" && !spec.questions)
    throw new AgencyError("conflict", "This task must not ask questions: nobody is there to answer.");
  if (kind === "approval" && spec.approve === "none")
    throw new AgencyError("conflict", "This task asks for no approvals: nobody is there to give one.");
}

/** As fit for the log as any event. A tool's input may be cut to a preview; a question must be read whole. */
function fit(body: AskBody, redact: (text: string) => string): AskBody {
  const clean = sanitizeEvent(body, redact);
  const parsed = askBodySchema.safeParse(clean.data);
  const cut = clean.oversize !== undefined && body.kind === "question";
  if (!parsed.success || cut) {
    throw new AgencyError("payload_too_large", "This ask is too large to be shown to a person.", {
      next: "Ask fewer and shorter questions at once.",
    });
  }
  // The answer goes back under the id that is stored: another one would never find its ask.
  if (parsed.data.id === body.id) return parsed.data;
  throw new AgencyError("invalid_request", "The id of an ask must be plain text without secrets.");
}
