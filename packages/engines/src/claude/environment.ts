import { join } from "node:path";
import type { EngineStart, Vendor } from "@agency/core";

const DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** What a task may set differently. */
const DEFAULTS: Readonly<Record<string, string>> = {
  PATH: DEFAULT_PATH,
  // The engine's own default is ten with doubling pauses, for a refused key too: it would look like a hang.
  CLAUDE_CODE_MAX_RETRIES: "4",
};

/** What a task must not set: where the model is asked, with what, and what makes the run quiet and observable. */
const FIXED: Readonly<Record<string, string>> = {
  // As root the engine refuses to run without permission prompts unless it is told that it is in a sandbox.
  IS_SANDBOX: "1",
  // A model call may be held for hours while the task waits. The first is the whole call's time, and a larger number is
  // taken as none at all; the second is that of the connection without a byte, after which the engine asks again.
  API_TIMEOUT_MS: "2147483647",
  API_FORCE_IDLE_TIMEOUT: "0",
  CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1",
  DISABLE_AUTOUPDATER: "1",
  DISABLE_ERROR_REPORTING: "1",
  DISABLE_TELEMETRY: "1",
  // Without it the engine does not say when it is idle, and a result is not the end of its work.
  CLAUDE_CODE_EMIT_SESSION_STATE_EVENTS: "1",
};

/** Other ways to sign in or to reach a model, and switches that would undo ours. */
const REMOVED: readonly string[] = [
  "ANTHROPIC_AUTH_TOKEN",
  "ANTHROPIC_CUSTOM_HEADERS",
  "ANTHROPIC_UNIX_SOCKET",
  "CLAUDE_CODE_OAUTH_TOKEN",
  "CLAUDE_CODE_USE_BEDROCK",
  "CLAUDE_CODE_USE_VERTEX",
  "CLAUDE_CODE_USE_FOUNDRY",
  "CLAUDE_CODE_SUBPROCESS_ENV_SCRUB",
  "CLAUDE_CONFIG_DIR",
];

export type ModelApi = NonNullable<EngineStart["modelApis"][Vendor]>;

export function claudeEnvironment(
  start: Pick<EngineStart, "env" | "home">,
  modelApi: ModelApi,
): Record<string, string> {
  const env: Record<string, string> = {
    ...DEFAULTS,
    ...start.env,
    ...FIXED,
    HOME: start.home,
    // Outputs of background work; the default is shared by all runs of a user.
    CLAUDE_CODE_TMPDIR: join(start.home, ".claude-tmp"),
    ANTHROPIC_BASE_URL: modelApi.baseUrl,
    ANTHROPIC_API_KEY: modelApi.key,
  };
  for (const name of REMOVED) delete env[name];
  return env;
}
