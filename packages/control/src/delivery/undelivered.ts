import type { Outcome, PullRequest } from "@agency/contract";
import type { SupervisedTask } from "@agency/core";
import { pushBranchOf } from "../tasks/push-branch.ts";
import { plainLine } from "./foreign-text.ts";

const MOST = 1_000;

/** One line of so many characters, without secrets. Also of a runner's words, which may be an agent's by now. */
export function whyLine(text: string, hide: (text: string) => string): string {
  // Hidden before, as lines may belong together, and after: what was taken out may have parted a secret.
  return plainLine(hide(plainLine(hide(text), Infinity)), MOST);
}

/** How the sentence begins that says what is missing. */
export function missing({ spec }: Pick<SupervisedTask, "spec">): string {
  if (spec.pullRequest !== null) return `Pull request #${spec.pullRequest} does not have the work:`;
  return spec.deliver === "pr" ? "No pull request:" : "No branch:";
}

export interface Handing {
  /** As the runner said it. */
  readonly said: Pick<Outcome, "state" | "branch" | "commit" | "undelivered">;
  /** Where the work was seen to be. */
  readonly branch: string | null;
  /** What speaks against the runner's word for its push. */
  readonly unseen: string | null;
  readonly pullRequest: PullRequest | null;
  /** Why there is no pull request, where that is known. */
  readonly why: string | null;
}

/** Why what the task was asked for is not there; null when it is, or when there was nothing to hand back. */
export function undelivered(task: SupervisedTask, { said, ...handing }: Handing): string | null {
  if (pushBranchOf(task) === null) return null;
  const { branch, unseen, pullRequest, why } = handing;
  if (branch === null) return unseen ?? unpushed(task, said);
  const { deliver, pullRequest: number } = task.spec;
  if (pullRequest !== null || (deliver !== "pr" && number === null)) return null;
  if (why !== null) return why;
  const reason =
    said.state === "cancelled"
      ? "The task was cancelled."
      : "The server could not make it, and its own log says why.";
  return `${missing(task)} ${reason} What was pushed is in the branch ${branch}.`;
}

function unpushed(task: SupervisedTask, { commit, undelivered: why }: Handing["said"]): string | null {
  if (why) return `${missing(task)} ${why}`;
  // There is work, and a runner of before it said why.
  return commit === null ? null : `${missing(task)} The run did not say why its work was not pushed.`;
}
