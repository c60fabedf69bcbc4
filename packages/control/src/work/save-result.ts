import type { Outcome, PullRequest } from "@agency/contract";
import type { EventStore, Logger, Provider, SupervisedTask, TaskStore } from "@agency/core";

const PAGE = 500;

interface Delivered {
  pullRequest: PullRequest | null;
  /** Address of the review that was posted. */
  review?: string | null;
}

export interface SaveResultDeps {
  tasks: Pick<TaskStore, "setResult">;
  events: Pick<EventStore, "read">;
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
  const seen = { ...outcome, branch: await pushedBranch(deps.events, task, outcome.branch) };
  const { summary, files, added, removed, commit, commits, branch, checks } = seen;
  const workspace = deps.providers.get(task.provider)?.workspace(ref) ?? null;
  const { pullRequest, review = null } = await deliver(deps, task, seen);
  const work = { files, added, removed, commit, commits, branch, checks };
  await deps.tasks.setResult(task.id, task.snapshot.epoch, {
    summary,
    workspace,
    pullRequest,
    review,
    ...work,
  });
}

/** The branch the runner says it pushed, when the git broker saw that push go through in this attempt. */
async function pushedBranch(
  events: Pick<EventStore, "read">,
  { id, snapshot }: SupervisedTask,
  branch: string | null,
): Promise<string | null> {
  if (branch === null) return null;
  const ref = `refs/heads/${branch}`;
  let after = 0;
  for (;;) {
    const page = await events.read(id, after, PAGE, ["git"]);
    const seen = page.events.some(
      (event) =>
        event.type === "git" &&
        event.epoch === snapshot.epoch &&
        event.data.action === "push" &&
        event.data.verdict === "allowed" &&
        event.data.refs?.includes(ref) === true,
    );
    if (seen) return branch;
    const last = page.events.at(-1);
    if (last === undefined || page.events.length < PAGE) return null;
    after = last.seq;
  }
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
