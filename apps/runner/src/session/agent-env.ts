import type { WorkOrder } from "@agency/contract";
import type { RunnerConfig } from "../config.ts";

/** All an agent, a hook or git sees of an environment. Nothing is inherited and nothing here is secret. */
export function agentEnv(config: RunnerConfig, order: WorkOrder): Record<string, string> {
  return {
    PATH: config.path,
    LANG: config.lang,
    TMPDIR: config.tmp,
    GIT_AUTHOR_NAME: "Agency",
    GIT_AUTHOR_EMAIL: "agent@agency.invalid",
    GIT_COMMITTER_NAME: "Agency",
    GIT_COMMITTER_EMAIL: "agent@agency.invalid",
    ...order.env,
    HOME: config.home,
    GIT_TERMINAL_PROMPT: "0",
    // The provider may have made the workspace under another user; git would refuse to look at it.
    GIT_CONFIG_COUNT: "1",
    GIT_CONFIG_KEY_0: "safe.directory",
    GIT_CONFIG_VALUE_0: config.workspace,
    AGENCY_TASK_ID: order.taskId,
  };
}
