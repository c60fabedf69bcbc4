import { BRANCH_PREFIX } from "@agency/contract";
import type { WorkOrder } from "@agency/contract";
import type { RunnerConfig } from "../config.ts";
import { gitConfigEnv } from "../workspace/git-routes.ts";

/** One setting of git: its name and its value. */
type GitSetting = readonly [key: string, value: string];

export interface WaysOut {
  readonly proxyEnv: Readonly<Record<string, string>>;
  readonly gitSettings: readonly GitSetting[];
}

/** All an agent, a hook or git sees of an environment. Nothing is inherited and nothing here is secret. */
export function agentEnv(config: RunnerConfig, order: WorkOrder, ways: WaysOut): Record<string, string> {
  return {
    PATH: config.path,
    LANG: config.lang,
    TMPDIR: config.tmp,
    GIT_AUTHOR_NAME: "Agency",
    GIT_AUTHOR_EMAIL: "agent@agency.invalid",
    GIT_COMMITTER_NAME: "Agency",
    GIT_COMMITTER_EMAIL: "agent@agency.invalid",
    ...order.env,
    ...withTaskOptions(ways.proxyEnv, order.env),
    HOME: config.home,
    GIT_TERMINAL_PROMPT: "0",
    // The provider may have made the workspace under another user; git would refuse to look at it.
    ...gitConfigEnv([["safe.directory", config.workspace], ...ways.gitSettings]),
    AGENCY_TASK_ID: order.taskId,
    AGENCY_BRANCH: `${BRANCH_PREFIX}/${order.taskId}/work`,
  };
}

/** Lists of options (`MAVEN_OPTS`) keep what the task has in them; the way out itself is not for the task to set. */
function withTaskOptions(
  proxyEnv: WaysOut["proxyEnv"],
  env: Readonly<Record<string, string>>,
): Record<string, string> {
  const merged = Object.entries(proxyEnv).map(([name, value]) => {
    const theirs = name.endsWith("_OPTS") ? env[name] : undefined;
    return [name, theirs === undefined ? value : `${value} ${theirs}`];
  });
  return Object.fromEntries(merged) as Record<string, string>;
}
