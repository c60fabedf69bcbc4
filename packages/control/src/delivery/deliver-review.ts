import { buffer } from "node:stream/consumers";
import { isAgencyError, REVIEW_FILE } from "@agency/contract";
import type { Outcome } from "@agency/contract";
import type { ArtifactStore, SupervisedTask } from "@agency/core";
import type { BlobStorage } from "../artifacts/blob-storage.ts";
import type { DeliveryDeps } from "./open-pull-request.ts";
import { warnOnce } from "./say.ts";
import { postReview } from "./post-review.ts";
import { MAX_REVIEW_BYTES } from "./read-review.ts";

export interface DeliverReviewDeps extends Omit<DeliveryDeps, "runUrl" | "branches"> {
  artifacts: Pick<ArtifactStore, "blobs">;
  storage: Pick<BlobStorage, "read">;
}

/**
 * Posts the review of a task that was asked for one. What stands against it becomes a notice. Done twice, as after a
 * crash, it is one review: its result says so, and before that its mark at the host.
 */
export function createReviewDelivery(
  deps: DeliverReviewDeps,
): (task: SupervisedTask, outcome: Pick<Outcome, "state">) => Promise<string | null> {
  return async (task, { state }) => {
    if (task.spec.review?.post !== true || state !== "completed") return null;
    const known = (await deps.tasks.get(task.accountId, task.id))?.result?.review ?? null;
    if (known !== null) return known;
    try {
      const file = await reviewFile(deps, task.id);
      if (file.ok) return (await postReview(deps, task, file.text)).url;
      await warn(deps, task, `No review was posted: ${file.problem}`);
    } catch (error) {
      if (!isAgencyError(error)) throw error;
      deps.logger.warn({ err: error, taskId: task.id }, "no review was posted");
      const said = [error.message, error.next].filter((text) => text !== undefined).join(" ");
      await warn(deps, task, said.startsWith("No review") ? said : `No review was posted: ${said}`);
    }
    return null;
  };
}

type Found = { readonly ok: true; readonly text: string } | { readonly ok: false; readonly problem: string };

async function reviewFile({ artifacts, storage }: DeliverReviewDeps, taskId: string): Promise<Found> {
  const blobs = await artifacts.blobs(taskId);
  const blob = blobs.find(({ kind, name }) => kind === "file" && name === REVIEW_FILE);
  if (blob === undefined) return { ok: false, problem: `the agent left no ${REVIEW_FILE}.` };
  if (blob.bytes > MAX_REVIEW_BYTES)
    return { ok: false, problem: `${REVIEW_FILE} of ${blob.bytes} bytes is too large.` };
  const stored = await storage.read(blob.key);
  if (stored === null) return { ok: false, problem: `${REVIEW_FILE} is no longer kept.` };
  return { ok: true, text: (await buffer(stored.body)).toString("utf8") };
}

async function warn(deps: DeliverReviewDeps, task: SupervisedTask, text: string): Promise<void> {
  const { redactText } = await deps.secrets.redactorFor(task.accountId, task.id);
  await warnOnce(deps, task, redactText(text));
}
