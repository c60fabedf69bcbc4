import { createCodeHosts } from "@agency/broker";
import type { Outcome, PullRequest, Settings } from "@agency/contract";
import { createDelivery, createReviewDelivery, resolvePullRequest, systemClock } from "@agency/control";
import type { FindPullRequest } from "@agency/control";
import type { Logger, Storage, SupervisedTask } from "@agency/core";
import type { SecretKeeping } from "./secrets.ts";
import type { Stores } from "./stores.ts";

export interface CodeHostWork {
  /** Where a task that works on a pull request begins, and pushes to. */
  readonly findPullRequest: FindPullRequest;
  /** Opens the pull request of a task whose branch is pushed, or posts the review it was asked for. */
  readonly deliver: (
    task: SupervisedTask,
    outcome: Outcome,
  ) => Promise<{ pullRequest: PullRequest | null; review: string | null }>;
}

interface CodeHostParts {
  stores: Stores;
  storage: Storage;
  secrets: SecretKeeping;
  logger: Logger;
}

/** What is done at the hosts of repositories from outside of every sandbox. */
export function wireCodeHost(
  settings: Pick<Settings, "githubApiUrl" | "internalHosts">,
  { stores, storage, secrets, logger }: CodeHostParts,
): CodeHostWork {
  const { githubApiUrl, internalHosts } = settings;
  const { credentials, book } = secrets;
  const codeHost = createCodeHosts({ credentials, githubApiUrl, internalHosts, now: () => Date.now() });
  const { tasks, events, artifacts } = stores;
  const common = { codeHost, tasks, events, secrets: book, clock: systemClock, logger };
  const deliver = createDelivery({ ...common, runUrl: null });
  const deliverReview = createReviewDelivery({ ...common, artifacts, storage });
  return {
    findPullRequest: (caller, { url }, number) => resolvePullRequest({ codeHost }, caller, url, number),
    deliver: async (task, outcome) => ({
      ...(await deliver(task, outcome)),
      review: await deliverReview(task, outcome),
    }),
  };
}
