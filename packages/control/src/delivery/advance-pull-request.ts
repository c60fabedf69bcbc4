import { AgencyError } from "@agency/contract";
import type { Outcome, Repository } from "@agency/contract";
import type { BranchMoved, PullRequestDetails, SupervisedTask } from "@agency/core";
import { bePatient } from "./be-patient.ts";
import type { DeliveryDeps, Handed } from "./open-pull-request.ts";
import { sayOnce } from "./say.ts";

type Work = Pick<Outcome, "state" | "commits"> & { branch: string; commit: string };

/**
 * Moves the branch of a pull request on to what the task pushed. Nobody in a sandbox may: a branch of other people
 * changes once, when the work is done and checked, and only forward. The host is asked before, so that nothing but our
 * own log can fail once the branch was moved.
 */
export async function advancePullRequest(
  { codeHost, branches, clock, events }: DeliveryDeps,
  task: SupervisedTask,
  work: Work,
  { url, branch: to }: Repository,
  number: number,
): Promise<Handed> {
  if (to === undefined) throw new AgencyError("conflict", "It is not known which branch it has.");
  if (work.state !== "completed") throw new AgencyError("conflict", "The task did not complete.");
  const { id: taskId, accountId, snapshot } = task;
  const caller = { taskId, accountId, epoch: snapshot.epoch };
  const details = await bePatient(clock, () => codeHost.pullRequest(caller, url, number));
  checkStillThere(details, url, to);
  const { branch: from, commit, commits } = work;
  const moved = await branches.advance(caller, { repositoryUrl: url, from, commit, to });
  if (moved.kind !== "moved") throw notMoved(moved, to);
  await sayOnce({ events, clock }, task, { kind: "branch", location: to, commits });
  await sayOnce({ events, clock }, task, { kind: "pull_request", location: details.url });
  return { pullRequest: { number, url: details.url }, branch: to };
}

/** Somebody may have closed or merged it since the task began, and its branch may be anything by now. */
function checkStillThere(
  { open, headBranch, headRepositoryUrl }: PullRequestDetails,
  url: string,
  to: string,
): void {
  if (!open) throw new AgencyError("conflict", "It was closed or merged since the task began.");
  if (headBranch === to && headRepositoryUrl === url) return;
  throw new AgencyError("conflict", `It is no longer about the branch ${to}.`);
}

function notMoved(moved: Exclude<BranchMoved, { kind: "moved" }>, to: string): AgencyError {
  if (moved.kind === "refused")
    return new AgencyError("upstream_failed", `The branch ${to} was not moved: ${moved.why}.`);
  return new AgencyError("conflict", `Somebody else has pushed to ${to} since the task began.`, {
    next: `Merge the task's branch, or start a task from what ${to} is now.`,
  });
}
