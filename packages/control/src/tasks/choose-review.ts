import { AgencyError, REVIEW_FILE } from "@agency/contract";
import type { NewTask } from "@agency/core";
import type { ApiCaller } from "@agency/core";
import { reviewPrompt } from "../delivery/review-prompt.ts";
import type { FindPullRequest } from "./choose-delivery.ts";

/** A review's task: the pull request's branch to look at, nothing to push, and the file its agent is to leave. */
export async function chooseReview(
  findPullRequest: FindPullRequest | undefined,
  caller: ApiCaller,
  task: NewTask,
): Promise<NewTask> {
  const { spec, prompt } = task;
  const { repository, pullRequest } = spec;
  if (repository === null || pullRequest === null) {
    throw new AgencyError("unsupported_option", "A review needs a repository.", {
      next: "Name it with `repository`.",
    });
  }
  if (findPullRequest === undefined)
    throw new AgencyError("unsupported_option", "Pull requests cannot be reviewed here.");
  const what = { url: repository.url, number: pullRequest, use: "read" } as const;
  const { details, repository: found } = await findPullRequest(caller, what);
  const { url, branch } = found;
  return {
    ...task,
    prompt: reviewPrompt(details, prompt),
    spec: {
      ...spec,
      repository: branch === undefined ? { url } : { url, branch },
      deliver: "none",
      artifacts: [...new Set([...spec.artifacts, REVIEW_FILE])],
    },
  };
}
