import { AgencyError, isAgencyError } from "@agency/contract";
import type { Outcome, PullRequest, Repository } from "@agency/contract";
import type { BranchMover, CodeHost, Logger, SupervisedTask, TaskStore } from "@agency/core";
import type { SecretBook } from "../secrets/secret-book.ts";
import { pushBranchOf } from "../tasks/push-branch.ts";
import { advancePullRequest } from "./advance-pull-request.ts";
import { bePatient } from "./be-patient.ts";
import { sayOnce, warnOnce } from "./say.ts";
import type { SayDeps } from "./say.ts";
import { pullRequestText } from "./pull-request-text.ts";
import { missing, whyLine } from "./undelivered.ts";

export interface DeliveryDeps extends SayDeps {
  codeHost: CodeHost;
  branches: BranchMover;
  tasks: Pick<TaskStore, "get">;
  secrets: SecretBook;
  /** Where people can look at a run; null while this instance does not know its address. */
  runUrl: (taskId: string) => string | null;
  logger: Logger;
}

export interface Handed {
  readonly pullRequest: PullRequest | null;
  /** The branch the work is in now, when that is no longer the one it was pushed to. */
  readonly branch?: string;
  /** Why there is no pull request, or why it does not have the work. */
  readonly why?: string;
}

type Delivery = (task: SupervisedTask, outcome: Outcome) => Promise<Handed>;

/**
 * Opens the pull request of a task whose branch is pushed, or moves the branch of the one it worked on. What the host
 * refuses becomes a notice: the task stays what it is, and its branch is there. Done twice, as after a crash, it comes
 * to the same.
 */
export function createDelivery(deps: DeliveryDeps): Delivery {
  return async (task, outcome) => {
    const { repository, deliver, pullRequest: number } = task.spec;
    const { branch, commit } = outcome;
    const own = pushBranchOf(task);
    if (
      repository === null ||
      own === null ||
      branch === null ||
      commit === null ||
      outcome.state === "cancelled"
    )
      return { pullRequest: null };
    if (deliver !== "pr" && number === null) return { pullRequest: null };
    const { redactText } = await deps.secrets.redactorFor(task.accountId, task.id);
    try {
      checkBranch(own, branch);
      if (number !== null)
        return await advancePullRequest(deps, task, { ...outcome, branch, commit }, repository, number);
      const work = () => openPullRequest(deps, task, outcome, repository, branch, redactText);
      const pullRequest = await bePatient(deps.clock, work);
      await sayOnce(deps, task, { kind: "pull_request", location: pullRequest.url });
      return { pullRequest };
    } catch (error) {
      if (!isAgencyError(error)) throw error;
      deps.logger.warn({ err: error, taskId: task.id, branch }, "the pull request does not have the work");
      const why = [error.message, error.next].filter((text) => text !== undefined).join(" ");
      const text = redactText(`${missing(task)} ${why} What was pushed is in the branch ${branch}.`);
      await warnOnce(deps, task, text);
      return { pullRequest: null, why: whyLine(text, redactText) };
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
  const startedAt = task.snapshot.attempt?.startedAt ?? null;
  const tookMs = startedAt === null ? null : deps.clock.now() - startedAt;
  const facts = { taskId: id, name, engine, model, costUsd, tookMs, outcome, runUrl: deps.runUrl(id) };
  const text = pullRequestText(facts, hide);
  const base = repository.branch ?? null;
  return deps.codeHost.open(callerOf(task), repository.url, { ...text, head, base });
}

function callerOf({ id, accountId }: SupervisedTask): { taskId: string; accountId: string } {
  return { taskId: id, accountId };
}

/** The runner's word for what it pushed is not taken: another branch's work would be offered as this task's. */
function checkBranch(own: string, branch: string): void {
  if (branch === own) return;
  throw new AgencyError("forbidden", "The run named a branch that this task may not push.");
}
