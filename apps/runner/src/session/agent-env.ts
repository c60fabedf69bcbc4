import { BRANCH_PREFIX } from "@agency/contract";
import type { WorkOrder } from "@agency/contract";
import type { RunnerConfig } from "../config.ts";

/** One setting of git: its name and its value. */
export type GitSetting = readonly [key: string, value: string];

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
    ...ways.proxyEnv,
    HOME: config.home,
    GIT_TERMINAL_PROMPT: "0",
    // The provider may have made the workspace under another user; git would refuse to look at it.
    ...gitConfigEnv([["safe.directory", config.workspace], ...ways.gitSettings]),
    AGENCY_TASK_ID: order.taskId,
    AGENCY_BRANCH: `${BRANCH_PREFIX}/${order.taskId}/work`,
  };
}

function gitConfigEnv(settings: readonly GitSetting[]): Record<string, string> {
  const pairs = settings.flatMap(([key, value], at) => [
    [`GIT_CONFIG_KEY_${at}`, key],
    [`GIT_CONFIG_VALUE_${at}`, value],
  ]);
  return { GIT_CONFIG_COUNT: String(settings.length), ...Object.fromEntries(pairs) };
}
