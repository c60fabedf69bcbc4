import { createCodeHosts } from "@agency/broker";
import type { Settings } from "@agency/contract";
import { createDelivery, resolvePullRequest, systemClock } from "@agency/control";
import type { PullRequestRepository } from "@agency/control";
import type { Logger } from "@agency/core";
import type { SecretKeeping } from "./secrets.ts";
import type { Stores } from "./stores.ts";

export interface CodeHostWork {
  /** Where a task that works on a pull request begins, and pushes to. */
  readonly pullRequestRepository: PullRequestRepository;
  /** Opens the pull request of a task whose branch is pushed. */
  readonly deliver: ReturnType<typeof createDelivery>;
}

/** What is done at the hosts of repositories from outside of every sandbox. */
export function wireCodeHost(
  settings: Pick<Settings, "githubApiUrl" | "internalHosts">,
  { stores, secrets, logger }: { stores: Stores; secrets: SecretKeeping; logger: Logger },
): CodeHostWork {
  const { githubApiUrl, internalHosts } = settings;
  const { credentials, book } = secrets;
  const codeHost = createCodeHosts({ credentials, githubApiUrl, internalHosts, now: () => Date.now() });
  const { tasks, events } = stores;
  return {
    pullRequestRepository: async (caller, { url }, number) =>
      (await resolvePullRequest({ codeHost }, caller, url, number)).repository,
    deliver: createDelivery({
      codeHost,
      tasks,
      events,
      secrets: book,
      runUrl: null,
      clock: systemClock,
      logger,
    }),
  };
}
