import type { Outcome, PullRequest } from "@agency/contract";
import type { Clock, EventStore, Logger, Provider, SupervisedTask, TaskStore } from "@agency/core";
import { warnOnce } from "../delivery/say.ts";
import { seenPush } from "../delivery/seen-push.ts";

interface Delivered {
  pullRequest: PullRequest | null;
  /** Where the work is now, when it was moved on from where it was pushed. */
  branch?: string;
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
  const seen = { ...outcome, ...(await provenWork(deps, task, outcome)) };
  const { summary, files, added, removed, commit, commits, checks } = seen;
  const workspace = deps.providers.get(task.provider)?.workspace(ref) ?? null;
  const { pullRequest, review = null, branch = seen.branch } = await deliver(deps, task, seen);
  const work = { files, added, removed, commit, commits, branch, checks };
  await deps.tasks.setResult(task.id, task.snapshot.epoch, {
    summary,
    workspace,
    pullRequest,
    review,
    ...work,
  });
}

type Work = Pick<Outcome, "branch" | "commit" | "commits">;

const NOTHING_PUSHED: Work = { branch: null, commit: null, commits: [] };

/** Branch and commit as the runner names them, when the git broker saw that very push go through in this attempt. */
async function provenWork(deps: SaveResultDeps, task: SupervisedTask, said: Work): Promise<Work> {
  const { branch, commit, commits } = said;
  if (branch === null) return NOTHING_PUSHED;
  const held = await seenPush(deps.events, task, branch);
  if (held !== null && held === commit) return { branch, commit, commits };
  const why =
    held === null
      ? "no push to it was seen to go through"
      : `the last push that was seen left it at ${held}, not at ${commit ?? "a commit"}`;
  const text = `The run says that its work is in the branch ${branch}, but ${why}: the work is handed back as files only.`;
  await warnOnce(deps, task, text);
  return NOTHING_PUSHED;
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
