import type { EngineStart } from "@agency/core";

const DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
/** One variable may hold 128 KiB on Linux; a larger prompt is only in the file. */
const MAX_PROMPT_VARIABLE_BYTES = 100 * 1000;

/** Set to `messages` by a task whose program reads messages from standard input; else that is empty. */
const STDIN_CHOICE = "AGENCY_STDIN";

export function takesMessages(env: EngineStart["env"]): boolean {
  return env[STDIN_CHOICE] === "messages";
}

export function commandEnvironment(
  start: Pick<EngineStart, "env" | "home" | "modelApis">,
  sessionId: string,
  prompt: { text: string; file: string },
): Record<string, string> {
  const fits = Buffer.byteLength(prompt.text) <= MAX_PROMPT_VARIABLE_BYTES && !prompt.text.includes("\0");
  return {
    PATH: DEFAULT_PATH,
    ...start.env,
    ...modelVariables(start.modelApis),
    HOME: start.home,
    AGENCY_SESSION_ID: sessionId,
    AGENCY_PROMPT_FILE: prompt.file,
    ...(fits ? { AGENCY_PROMPT: prompt.text } : {}),
  };
}

/** Under the names that the vendors' own libraries read. */
function modelVariables({ anthropic, openai }: EngineStart["modelApis"]): Record<string, string> {
  return {
    ...(anthropic && { ANTHROPIC_BASE_URL: anthropic.baseUrl, ANTHROPIC_API_KEY: anthropic.key }),
    ...(openai && { OPENAI_BASE_URL: `${openai.baseUrl}/v1`, OPENAI_API_KEY: openai.key }),
  };
}
