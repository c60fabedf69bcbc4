import type { Logger } from "@agency/core";

/** One JSON line an entry: what a provider's console shows when the runner never came to say more. */
export function createStderrLog(
  write: (line: string) => void,
  now: () => number,
  bound: object = {},
): Logger {
  const at = (level: string) => (facts: object, sentence: string) =>
    write(
      `${JSON.stringify({ at: new Date(now()).toISOString(), level, msg: sentence, ...bound, ...facts })}\n`,
    );
  return {
    debug: at("debug"),
    info: at("info"),
    warn: at("warn"),
    error: at("error"),
    child: (facts) => createStderrLog(write, now, { ...bound, ...facts }),
  };
}
