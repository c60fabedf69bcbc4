import { AgencyError } from "@agency/contract";
import type { Outcome, Repository } from "@agency/contract";
import type { BranchMoved, SupervisedTask } from "@agency/core";
import { bePatient } from "./be-patient.ts";
import type { DeliveryDeps, Handed } from "./open-pull-request.ts";
import { sayOnce } from "./say.ts";

type Work = Pick<Outcome, "state" | "commits"> & { branch: string; commit: string };

/**
 * Moves the branch of a pull request on to what the task pushed. Nobody in a sandbox may: a branch of other people
 * changes once, when the work is done and checked, and only forward.
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
  const { branch: from, commit, commits } = work;
  const moved = await branches.advance(caller, { repositoryUrl: url, from, commit, to });
  if (moved.kind !== "moved") throw notMoved(moved, to);
  await sayOnce({ events, clock }, task, { kind: "branch", location: to, commits });
  const { url: page } = await bePatient(clock, () => codeHost.pullRequest(caller, url, number));
  await sayOnce({ events, clock }, task, { kind: "pull_request", location: page });
  return { pullRequest: { number, url: page }, branch: to };
}

function notMoved(moved: Exclude<BranchMoved, { kind: "moved" }>, to: string): AgencyError {
  if (moved.kind === "refused")
    return new AgencyError("upstream_failed", `The branch ${to} was not moved: ${moved.why}.`);
  return new AgencyError("conflict", `Somebody else has pushed to ${to} since the task began.`, {
    next: `Merge the task's branch, or start a task from what ${to} is now.`,
  });
}
