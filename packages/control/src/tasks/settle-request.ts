import type { CreateTask, Network } from "@agency/contract";

/** What a task takes over from the one it goes on from, when the request does not name its own. */
export type Inherited =
  | "repositories"
  | "checks"
  | "network"
  | "approve"
  | "commandPolicy"
  | "questions"
  | "commits"
  | "artifacts"
  | "env";

/** A request in which nothing is left open but what has no default. */
export type SettledTask = CreateTask & { [K in Inherited]: NonNullable<CreateTask[K]> };

const DEFAULTS: Pick<SettledTask, Exclude<Inherited, "network">> = {
  repositories: [],
  checks: [],
  approve: "none",
  commandPolicy: { allow: [], deny: [] },
  questions: true,
  commits: "squash",
  artifacts: [],
  env: {},
};

export function settleRequest(input: CreateTask, network: Network): SettledTask {
  return {
    ...input,
    repositories: input.repositories ?? DEFAULTS.repositories,
    checks: input.checks ?? DEFAULTS.checks,
    network,
    approve: input.approve ?? DEFAULTS.approve,
    commandPolicy: input.commandPolicy ?? DEFAULTS.commandPolicy,
    questions: input.questions ?? DEFAULTS.questions,
    commits: input.commits ?? DEFAULTS.commits,
    artifacts: input.artifacts ?? DEFAULTS.artifacts,
    env: input.env ?? DEFAULTS.env,
  };
}
