import { AgencyError, isAgencyError } from "@agency/contract";
import type { EventBody, Outcome, PullRequest, Repository } from "@agency/contract";
import type { Clock, CodeHost, EventStore, Logger, SupervisedTask, TaskStore } from "@agency/core";
import type { SecretBook } from "../secrets/secret-book.ts";
import { bePatient } from "./be-patient.ts";
import { pullRequestText } from "./pull-request-text.ts";

export interface DeliveryDeps {
  codeHost: CodeHost;
  tasks: Pick<TaskStore, "get">;
  events: Pick<EventStore, "append" | "read">;
  secrets: SecretBook;
  /** Where people can look at a run; null when this instance has no address for others. */
  runUrl: ((taskId: string) => string) | null;
  clock: Clock;
  logger: Logger;
}

type Delivery = (task: SupervisedTask, outcome: Outcome) => Promise<{ pullRequest: PullRequest | null }>;

/**
 * Opens the pull request of a task whose branch is pushed. What the host refuses becomes a notice: the task stays
 * what it is, and its branch is there. Done twice, as after a crash, it comes to the same pull request.
 */
export function createDelivery(deps: DeliveryDeps): Delivery {
  return async (task, outcome) => {
    const { repository, deliver, pullRequest: number } = task.spec;
    const { branch } = outcome;
    if (repository === null || branch === null || outcome.state === "cancelled") return { pullRequest: null };
    if (deliver !== "pr" && number === null) return { pullRequest: null };
    const { redactText } = await deps.secrets.redactorFor(task.accountId, task.id);
    const work =
      number === null
        ? () => openPullRequest(deps, task, outcome, repository, branch, redactText)
        : () => deps.codeHost.pullRequest(callerOf(task), repository.url, number);
    try {
      checkBranch(task, repository, branch);
      const { number: opened, url } = await bePatient(deps.clock, work);
      await sayOnce(deps, task, "pull_request", url);
      return { pullRequest: { number: opened, url } };
    } catch (error) {
      if (!isAgencyError(error)) throw error;
      deps.logger.warn({ err: error, taskId: task.id, branch }, "no pull request was opened");
      const why = [error.message, error.next].filter((text) => text !== undefined).join(" ");
      const text = redactText(`No pull request: ${why} What was pushed is in the branch ${branch}.`);
      await say(deps, task, { type: "notice", data: { level: "warn", text } });
      return { pullRequest: null };
    }
  };
}

async function openPullRequest(
  deps: DeliveryDeps,
  task: SupervisedTask,
  outcome: Outcome,
  repository: Repository,
  head: string,
  hide: (text: string) => string,
): Promise<PullRequest> {
  const { id, accountId, engine, model, costUsd } = task;
  const name = (await deps.tasks.get(accountId, id))?.name ?? "";
  const runUrl = deps.runUrl === null ? null : deps.runUrl(id);
  const text = pullRequestText({ taskId: id, name, engine, model, costUsd, outcome, runUrl }, hide);
  const base = repository.branch ?? null;
  return deps.codeHost.open(callerOf(task), repository.url, { ...text, head, base });
}

function callerOf({ id, accountId }: SupervisedTask): { taskId: string; accountId: string } {
  return { taskId: id, accountId };
}

/** The runner's word for what it pushed is not taken: another branch's work would be offered as this task's. */
function checkBranch(task: SupervisedTask, { branch: base, pushBranch }: Repository, branch: string): void {
  const own = `agency/${task.id}/`;
  if (branch !== pushBranch && !(branch.startsWith(own) && branch.length > own.length)) {
    throw new AgencyError("forbidden", "The run named a branch that this task may not push.");
  }
  if (task.spec.pullRequest === null && branch === base) {
    throw new AgencyError("conflict", `The work was pushed to ${branch} itself, where it started from.`);
  }
}

/** After a crash it may be in the log already. */
export async function sayOnce(
  deps: Pick<DeliveryDeps, "events" | "clock">,
  task: SupervisedTask,
  kind: "pull_request" | "review",
  location: string,
): Promise<void> {
  const { events } = await deps.events.read(task.id, 0, 1_000, ["delivery"]);
  const isThis = (event: EventBody) =>
    event.type === "delivery" && event.data.kind === kind && event.data.location === location;
  if (events.some(isThis)) return;
  await say(deps, task, { type: "delivery", data: { kind, location } });
}

export async function say(
  { events, clock }: Pick<DeliveryDeps, "events" | "clock">,
  task: SupervisedTask,
  body: EventBody,
): Promise<void> {
  const at = new Date(clock.now()).toISOString();
  await events.append({
    taskId: task.id,
    epoch: task.snapshot.epoch,
    from: null,
    events: [{ ...body, at }],
  });
}
