import { createCodeHosts } from "@agency/broker";
import type { Outcome, PullRequest, Settings } from "@agency/contract";
import { createDelivery, createReviewDelivery, resolvePullRequest, systemClock } from "@agency/control";
import type { FindPullRequest } from "@agency/control";
import type { BranchMover, Logger, Storage, SupervisedTask } from "@agency/core";
import type { SecretKeeping } from "./secrets.ts";
import type { Stores } from "./stores.ts";

export interface CodeHostWork {
  /** Where a task that works on a pull request begins. */
  readonly findPullRequest: FindPullRequest;
  /** Opens the pull request of a task whose branch is pushed or moves the one it worked on, or posts its review. */
  readonly deliver: (
    task: SupervisedTask,
    outcome: Outcome,
  ) => Promise<{ pullRequest: PullRequest | null; branch?: string; review: string | null }>;
}

interface CodeHostParts {
  stores: Stores;
  storage: Storage;
  secrets: SecretKeeping;
  branches: BranchMover;
  /** Where this server is reached; null until it listens on a port that the system chooses. */
  address: { readonly url: string | null };
  logger: Logger;
}

/** What is done at the hosts of repositories from outside of every sandbox. */
export function wireCodeHost(
  settings: Pick<Settings, "githubApiUrl" | "internalHosts">,
  { stores, storage, secrets, branches, address, logger }: CodeHostParts,
): CodeHostWork {
  const { githubApiUrl, internalHosts } = settings;
  const { credentials, book } = secrets;
  const codeHost = createCodeHosts({ credentials, githubApiUrl, internalHosts, now: () => Date.now() });
  const { tasks, events, artifacts } = stores;
  const common = { codeHost, tasks, events, secrets: book, clock: systemClock, logger };
  const runUrl = (taskId: string) => (address.url === null ? null : runUrlAt(address.url, taskId));
  const deliver = createDelivery({ ...common, branches, runUrl });
  const deliverReview = createReviewDelivery({ ...common, artifacts, storage });
  return {
    findPullRequest: (caller, what) => resolvePullRequest({ codeHost }, caller, what),
    deliver: async (task, outcome) => ({
      ...(await deliver(task, outcome)),
      review: await deliverReview(task, outcome),
    }),
  };
}

function runUrlAt(url: string, taskId: string): string {
  return `${url.replace(/\/+$/, "")}/runs/${encodeURIComponent(taskId)}`;
}
