import type { Outcome, PullRequest } from "@agency/contract";
import type { Clock, EventStore, Logger, Provider, SupervisedTask, TaskStore } from "@agency/core";
import { warnOnce } from "../delivery/say.ts";
import { seenPush } from "../delivery/seen-push.ts";
import { undelivered } from "../delivery/undelivered.ts";
import { pushBranchOf } from "../tasks/push-branch.ts";

interface Delivered {
  pullRequest: PullRequest | null;
  /** Where the work is now, when it was moved on from where it was pushed. */
  branch?: string;
  /** Why the pull request is not there, or does not have the work. */
  why?: string;
  /** Address of the review that was posted. */
  review?: string | null;
}

export interface SaveResultDeps {
  tasks: Pick<TaskStore, "setResult">;
  events: Pick<EventStore, "append" | "read">;
  clock: Clock;
  providers: ReadonlyMap<string, Provider>;
  logger: Logger;
  /** What is left to be done from outside with the branch that was pushed. */
  deliver?: (task: SupervisedTask, outcome: Outcome) => Promise<Delivered>;
}

/** Called when the brokers have said all they saw of the attempt; a second time it comes to the same. */
export async function saveResult(deps: SaveResultDeps, task: SupervisedTask): Promise<void> {
  const outcome = task.snapshot.attempt?.outcome;
  const ref = task.attempt?.sandbox.ref;
  if (!outcome || !ref) return;
  const { unseen, ...proven } = await provenWork(deps, task, outcome);
  const seen = { ...outcome, ...proven };
  const { summary, files, added, removed, commit, commits, checks } = seen;
  const workspace = deps.providers.get(task.provider)?.workspace(ref) ?? null;
  const handed = await deliver(deps, task, seen);
  const { pullRequest, review = null, branch = seen.branch, why = null } = handed;
  const work = { files, added, removed, commit, commits, branch, checks };
  await deps.tasks.setResult(task.id, task.snapshot.epoch, {
    summary,
    workspace,
    pullRequest,
    undelivered: undelivered(task, { said: outcome, branch: seen.branch, unseen, pullRequest, why }),
    review,
    ...work,
  });
}

type Work = Pick<Outcome, "branch" | "commit" | "commits">;
type Proven = Work & {
  /** What speaks against the runner's word. */
  unseen: string | null;
};

const NOTHING_PUSHED: Proven = { branch: null, commit: null, commits: [], unseen: null };

/** Branch and commit as the runner names them, when the git broker saw that very push go through in this attempt. */
async function provenWork(deps: SaveResultDeps, task: SupervisedTask, said: Work): Promise<Proven> {
  const { branch, commit, commits } = said;
  if (branch === null) return NOTHING_PUSHED;
  const held = await seenPush(deps.events, task, branch);
  if (held !== null && held === commit) return { branch, commit, commits, unseen: null };
  const why =
    held === null
      ? "no push to it was seen to go through"
      : `the last push that was seen left it at ${held}, not at ${commit ?? "a commit"}`;
  const text = `The run says that its work is in ${nameOf(task, branch)}, but ${why}: the work is handed back as files only.`;
  await warnOnce(deps, task, text);
  return { ...NOTHING_PUSHED, unseen: text };
}

/** The name is the runner's word: only one that we know ourselves is repeated. */
function nameOf(task: SupervisedTask, branch: string): string {
  const known = [pushBranchOf(task), task.spec.repository?.pushBranch];
  return known.includes(branch) ? `the branch ${branch}` : "a branch that is not this task's";
}

/** That something outside could not be done does not undo the work. */
async function deliver(deps: SaveResultDeps, task: SupervisedTask, outcome: Outcome): Promise<Delivered> {
  if (deps.deliver === undefined) return { pullRequest: null };
  try {
    return await deps.deliver(task, outcome);
  } catch (error) {
    deps.logger.warn({ err: error, taskId: task.id }, "the work could not be delivered from outside");
    return { pullRequest: null };
  }
}
