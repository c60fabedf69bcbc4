import { AgencyError, REVIEW_FILE } from "@agency/contract";
import type { SupervisedTask } from "@agency/core";
import { bePatient } from "./be-patient.ts";
import { sayOnce } from "./say.ts";
import type { DeliveryDeps } from "./open-pull-request.ts";
import { readReview } from "./read-review.ts";

/** Posts what the agent left in `.agency/review.json` as one review. Done twice, it is still one. */
export async function postReview(
  deps: Pick<DeliveryDeps, "codeHost" | "events" | "secrets" | "clock">,
  task: SupervisedTask,
  file: string,
): Promise<{ url: string }> {
  const { repository, pullRequest } = task.spec;
  if (repository === null || pullRequest === null) {
    throw new AgencyError("invalid_request", `Task ${task.id} is not about a pull request.`);
  }
  const { redactText } = await deps.secrets.redactorFor(task.accountId, task.id);
  const review = readReview(file, redactText);
  if (!review.ok) {
    throw new AgencyError("invalid_request", `No review was posted: ${REVIEW_FILE} ${review.problem}.`, {
      next: "Look at the file among the task's artifacts, or run the review again.",
    });
  }
  const { body, comments } = review;
  const caller = { taskId: task.id, accountId: task.accountId };
  const { url } = await bePatient(deps.clock, () =>
    deps.codeHost.review(caller, repository.url, pullRequest, { key: task.id, body, comments }),
  );
  await sayOnce(deps, task, { kind: "review", location: url });
  return { url };
}
