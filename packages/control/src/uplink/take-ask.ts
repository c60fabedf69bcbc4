import { AgencyError, askBodySchema } from "@agency/contract";
import type { AskBody, Json, PostAsk } from "@agency/contract";
import { sanitizeEvent } from "@agency/core";
import type { AttemptAccess, Redactor, SupervisedTask, TaskStore } from "@agency/core";
import { fencedError } from "./runner-access.ts";

export interface TakeAskDeps {
  tasks: TaskStore;
  /** Takes every known secret out. */
  redact: Redactor["redactJson"];
  now: () => number;
}

/** Written down once, however often the runner asks; `conflict` when nobody will answer, so that the agent is told. */
export async function takeAsk(deps: TakeAskDeps, access: AttemptAccess, body: PostAsk): Promise<void> {
  if (body.kind === "withdrawn") return withdraw(deps, access, body.id);
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

async function withdraw({ tasks, now }: TakeAskDeps, access: AttemptAccess, askId: string): Promise<void> {
  checkId(askId, sanitizeEvent({ id: askId }, asObject).data["id"]);
  const { taskId, epoch } = access;
  const outcome = await tasks.apply(taskId, { kind: "withdraw", epoch, askId }, now());
  if (!outcome.ok) throw fencedError(epoch);
}

function checkWanted({ spec }: SupervisedTask, { kind }: AskBody): void {
  if (kind === "question" && !spec.questions)
    throw new AgencyError("conflict", "This task must not ask questions: nobody is there to answer.");
  if (kind === "approval" && spec.approve === "none")
    throw new AgencyError("conflict", "This task asks for no approvals: nobody is there to give one.");
}

/** As fit for the log as any event. A tool's input may be cut to a preview; a question must be read whole. */
function fit(body: AskBody, redact: Redactor["redactJson"]): AskBody {
  const clean = sanitizeEvent(body, (data) => asObject(redact(data)));
  const parsed = askBodySchema.safeParse(clean.data);
  const cut = clean.oversize !== undefined && body.kind === "question";
  if (!parsed.success || cut) {
    throw new AgencyError("payload_too_large", "This ask is too large to be shown to a person.", {
      next: "Ask fewer and shorter questions at once.",
    });
  }
  // The answer goes back under the id that is stored: another one would never find its ask.
  checkId(body.id, parsed.data.id);
  return parsed.data;
}

function checkId(given: string, kept: unknown): void {
  if (given !== kept)
    throw new AgencyError("invalid_request", "The id of an ask must be plain text without secrets.");
}

function asObject(json: Json): { [key: string]: Json } {
  return json !== null && typeof json === "object" && !Array.isArray(json) ? json : {};
}
